import { describe, expect, test } from "vitest";
import {
  type ConnectionAction,
  type ConnectionEvent,
  type ConnectionState,
  stepConnection,
} from "../../src/orchestrator/agent-connection.ts";
import { HELLO_TIMEOUT_MS } from "../../src/orchestrator/limits.ts";
import type { AgentControl, AgentMessage } from "../../src/protocol/agent-messages.ts";
import { PROTOCOL_VERSION } from "../../src/protocol/version.ts";

const agent = { pid: 1, host: "h", version: "1", node: "20" };
const newHello: AgentControl = {
  kind: "hello",
  protocol: PROTOCOL_VERSION,
  session: null,
  secret: null,
  acknowledged: 0,
  known: [],
  agent,
};
const hello = (change: Partial<Extract<AgentControl, { kind: "hello" }>> = {}): ConnectionEvent => ({
  kind: "control",
  message: { ...newHello, ...change },
});
const greeted: ConnectionEvent = { kind: "greeted", session: "S", secret: "x", lastSequence: 0, leaseMs: 60_000 };
const resumed: ConnectionEvent = { ...greeted, secret: null, lastSequence: 7 };
const refused = (code: "session_unknown" | "storage_full"): ConnectionEvent => ({
  kind: "refused",
  failure: { code, message: "no" },
});
const message: AgentMessage = { kind: "draining" };
const data = (sequence: number): ConnectionEvent => ({ kind: "data", sequence, messages: [message] });
const ping: ConnectionEvent = { kind: "control", message: { kind: "ping", sequence: 3 } };
const overdue: ConnectionEvent = { kind: "hello-overdue" };

/** Feeds events one after the other, all at one moment, and gives what came of the last. */
function after(
  events: readonly ConnectionEvent[],
  now = 0,
): { state: ConnectionState; actions: readonly ConnectionAction[] } {
  let state: ConnectionState = { kind: "challenged", since: 0 };
  let actions: readonly ConnectionAction[] = [];
  for (const event of events) ({ state, actions } = stepConnection(state, event, now));
  return { state, actions };
}

const kindsOf = (actions: readonly ConnectionAction[]): string[] =>
  actions.map((action) => (action.kind === "reply" ? action.reply.kind : action.kind));

const open: readonly ConnectionEvent[] = [{ kind: "opened" }, hello(), greeted];

describe("an agent's connection", () => {
  test.each<[string, readonly ConnectionEvent[], ConnectionState["kind"], readonly string[]]>([
    ["begins with a challenge", [{ kind: "opened" }], "challenged", ["challenge"]],
    ["takes a hello to the engine", [{ kind: "opened" }, hello()], "greeting", ["greet"]],
    ["is bound before the agent is welcome", open, "open", ["bind", "welcome"]],
    ["takes the next frame", [...open, data(1)], "open", ["apply"]],
    ["takes frames one after the other", [...open, data(1), data(2)], "open", ["apply"]],
    ["acknowledges a frame seen before without looking at it", [...open, data(1), data(1)], "open", ["acknowledge"]],
    ["challenges again after a gap", [...open, data(1), data(3)], "challenged", ["challenge"]],
    ["ignores data after a gap until the next hello", [...open, data(2), data(1)], "challenged", []],
    ["ignores data before hello", [{ kind: "opened" }, data(1)], "challenged", []],
    ["ignores data while the hello is with the engine", [{ kind: "opened" }, hello(), data(1)], "greeting", []],
    [
      "goes on behind the last frame of a resumed session",
      [{ kind: "opened" }, hello(), resumed, data(8)],
      "open",
      ["apply"],
    ],
    [
      "acknowledges what a resumed session had sent before",
      [{ kind: "opened" }, hello(), resumed, data(7)],
      "open",
      ["acknowledge"],
    ],
    ["answers a ping when it is open", [...open, ping], "open", ["pong"]],
    ["answers a ping before hello", [{ kind: "opened" }, ping], "challenged", ["pong"]],
    [
      "lets the agent try again when its session is unknown",
      [{ kind: "opened" }, hello(), refused("session_unknown")],
      "challenged",
      ["reject"],
    ],
    [
      "takes the next hello after a refusal",
      [{ kind: "opened" }, hello(), refused("storage_full"), hello()],
      "greeting",
      ["greet"],
    ],
    ["takes a second hello on an open connection", [...open, hello()], "greeting", ["greet"]],
    ["is challenged again when the gateway has come back", [...open, { kind: "opened" }], "challenged", ["challenge"]],
    [
      "does not take an answer that came too late",
      [{ kind: "opened" }, hello(), { kind: "opened" }, greeted],
      "challenged",
      [],
    ],
    ["does not take a refusal that came too late", [...open, refused("session_unknown")], "open", []],
    ["ends by a broken frame", [...open, { kind: "broken", reason: "not msgpack" }], "closed", ["close"]],
    [
      "ends by another protocol, and says so",
      [{ kind: "opened" }, hello({ protocol: 0 })],
      "closed",
      ["reject", "close"],
    ],
    ["does nothing once it is closed", [...open, { kind: "broken", reason: "" }, data(1)], "closed", []],
    ["is not reopened once it is closed", [...open, { kind: "broken", reason: "" }, { kind: "opened" }], "closed", []],
  ])("%s", (_, events, state, actions) => {
    const reached = after(events);
    expect([reached.state.kind, kindsOf(reached.actions)]).toEqual([state, actions]);
  });

  test("tells the engine what a new agent is, and what a returning one knows", () => {
    expect(after([{ kind: "opened" }, hello()]).actions).toEqual([
      { kind: "greet", command: { kind: "open-session", agent } },
    ]);
    const returning = hello({ session: "S", secret: "x", acknowledged: 4, known: ["R:1:1"] });
    const command = { kind: "resume-session", session: "S", secret: "x", acknowledged: 4, known: ["R:1:1"] };
    expect(after([{ kind: "opened" }, returning]).actions).toEqual([{ kind: "greet", command }]);
  });

  test("says in its welcome from where frames are wanted, and for how long a silence is forgiven", () => {
    const { actions } = after([{ kind: "opened" }, hello(), resumed]);
    expect(actions[1]).toEqual({
      kind: "reply",
      reply: { kind: "welcome", session: "S", secret: null, lastSequence: 7, leaseMs: 60_000 },
    });
  });

  test("ends with 4008 when no hello comes in time, counted anew from each challenge and refusal", () => {
    let { state } = stepConnection({ kind: "challenged", since: 0 }, { kind: "opened" }, 5_000);
    expect(stepConnection(state, overdue, HELLO_TIMEOUT_MS).actions).toEqual([]);
    ({ state } = stepConnection(state, ping, 6_000));
    const closing = stepConnection(state, overdue, 5_000 + HELLO_TIMEOUT_MS);
    expect(closing.actions).toMatchObject([{ kind: "close", code: 4008 }]);

    ({ state } = stepConnection(state, hello(), 6_000));
    expect(stepConnection(state, overdue, 60_000).actions).toEqual([]); // The engine takes its time: that is not the agent's fault.
    ({ state } = stepConnection(state, refused("session_unknown"), 60_000));
    expect(stepConnection(state, overdue, 60_001).actions).toEqual([]);
  });

  test.each([
    ["a broken frame", [...open, { kind: "broken", reason: "x" }], 1002],
    ["another protocol", [{ kind: "opened" }, hello({ protocol: 99 })], 4010],
  ] satisfies [string, ConnectionEvent[], number][])("is closed with its own code for %s", (_, events, code) => {
    expect(after(events).actions.at(-1)).toMatchObject({ kind: "close", code });
  });
});
