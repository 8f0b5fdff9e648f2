import { expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { CHALLENGE_DEADLINE_MS } from "../../src/agent/limits.ts";
import { nextDueAt, openEpoch, stepSession } from "../../src/agent/session-machine.ts";
import { type SessionEvent, type SessionState, beforeSession } from "../../src/agent/session-state.ts";

// The machine by value; what it does with frames and memory is in framed-session.test.ts.

const at = (now: number) => ({ now, random: seededRandom(1) });

function after(...events: SessionEvent[]): SessionState {
  return events.reduce((state, event, now) => stepSession(state, event, at(now)).state, beforeSession);
}

const welcome = { kind: "welcome", session: "S1", secret: "s", lastSequence: 0, leaseMs: 60_000 } as const;
const greeting: readonly SessionEvent[] = [
  { kind: "tick" },
  { kind: "opened" },
  { kind: "control", message: { kind: "challenge", epoch: 7 } },
];

test("the same event in the same state gives the same step, and the state before stays as it was", () => {
  const state = Object.freeze(after(...greeting));
  const event: SessionEvent = { kind: "control", message: welcome };
  const step = stepSession(state, event, at(3));
  expect(stepSession(state, event, at(3))).toEqual(step);
  expect(step.actions).toEqual([
    { kind: "resume", epoch: 7, lastSequence: 0 },
    { kind: "connected", session: "S1", isNew: true },
  ]);
  expect(state).toEqual(after(...greeting));
});

test("data is sent and taken only over an open connection, and only of its epoch", () => {
  const data = (epoch: number): SessionEvent => ({
    kind: "data",
    epoch,
    acknowledged: 3,
    commands: [{ kind: "drain" }],
  });
  const open = after(...greeting, { kind: "control", message: welcome });
  expect([openEpoch(after(...greeting)), openEpoch(open)]).toEqual([undefined, 7]);
  expect(stepSession(after(...greeting), data(7), at(4)).actions).toEqual([]);
  expect(stepSession(open, data(6), at(4)).actions).toEqual([]);
  expect(stepSession(open, data(7), at(4)).actions).toEqual([
    { kind: "acknowledged", sequence: 3 },
    { kind: "commands", commands: [{ kind: "drain" }] },
  ]);
});

test("a server that does not answer the hello is left, and tried again later", () => {
  const state = after(...greeting);
  expect(nextDueAt(state)).toBe(2 + CHALLENGE_DEADLINE_MS);
  const { state: left, actions } = stepSession(state, { kind: "tick" }, at(nextDueAt(state)));
  expect(actions.map(({ kind }) => kind)).toEqual(["close", "disconnected"]);
  const { state: again, actions: retry } = stepSession(left, { kind: "tick" }, at(nextDueAt(left)));
  expect(retry).toEqual([{ kind: "connect" }]);
  expect(again.connection.kind).toBe("connecting");
});
