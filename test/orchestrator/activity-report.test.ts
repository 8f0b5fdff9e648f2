import { describe, expect, test } from "vitest";
import { type Occupation, createActivityReport } from "../../src/orchestrator/activity-report.ts";
import type { ChildMessage } from "../../src/protocol/supervisor-messages.ts";
import { virtualTime } from "../support/virtual-time.ts";

const IDLE_MS = 300_000;

function report(idleTimeoutMs = IDLE_MS) {
  const time = virtualTime(0);
  const said: ChildMessage[] = [];
  let occupation: Occupation = { state: "active", sessions: 0, nextDueAt: null, clients: 0 };
  const activity = createActivityReport({
    ...time,
    idleTimeoutMs,
    occupation: () => occupation,
    send: (message) => said.push(message),
  });
  const change = (to: Partial<Occupation>): void => {
    occupation = { ...occupation, ...to };
    activity.touch();
  };
  const last = (): ChildMessage | undefined => said.at(-1);
  return { time, said, change, last, activity };
}

const idle = { kind: "activity", isIdle: true, nextWakeAt: null, isPaused: false };
const busy = { kind: "activity", isIdle: false, nextWakeAt: null, isPaused: false };

describe("the supervisor hears", () => {
  test("at the start that the environment is needed, and after a whole idle timeout that it is not", () => {
    const { time, said, last } = report();
    expect(said).toEqual([busy]);
    time.advance(IDLE_MS - 1);
    expect(said).toHaveLength(1);
    time.advance(1);
    expect(last()).toEqual(idle);
  });

  test("never that it is idle without an idle timeout", () => {
    const { time, said } = report(0);
    time.advance(10 * IDLE_MS);
    expect(said).toEqual([busy]);
  });

  test.each<[string, Partial<Occupation>, Partial<Occupation>]>([
    ["a session lives, connected or not", { sessions: 1 }, { sessions: 0 }],
    ["somebody watches or waits", { clients: 1 }, { clients: 0 }],
  ])("that it is needed while %s", (_, begin, end) => {
    const { time, last, change } = report();
    change(begin);
    time.advance(10 * IDLE_MS);
    expect(last()).toEqual(busy);
    change(end);
    time.advance(IDLE_MS - 1);
    expect(last()).toEqual(busy);
    time.advance(2_000);
    expect(last()).toEqual(idle);
  });

  test("that it is needed when something is due soon, and when to wake it when it is due later", () => {
    const { time, last, change } = report();
    change({ nextDueAt: IDLE_MS + 5_000 });
    time.advance(IDLE_MS);
    expect(last()).toMatchObject({ isIdle: false });
    change({ nextDueAt: 100 * IDLE_MS });
    time.advance(2 * IDLE_MS);
    expect(last()).toEqual({ ...idle, nextWakeAt: 100 * IDLE_MS });
  });

  test("that whoever asks for something begins the idle timeout anew", () => {
    const { time, last, activity } = report();
    for (let count = 0; count < 5; count++) {
      time.advance(IDLE_MS - 1);
      activity.touch();
    }
    expect(last()).toEqual(busy);
  });

  test("that it is needed again, within a second", () => {
    const { time, last, change } = report();
    time.advance(IDLE_MS);
    expect(last()).toEqual(idle);
    change({ sessions: 1 });
    time.advance(1_000);
    expect(last()).toEqual(busy);
  });

  test("of a pause, and nothing twice, however much happens", () => {
    const { time, said, change } = report();
    for (let count = 0; count < 1_000; count++) {
      change({ sessions: 1, nextDueAt: 5_000_000 + count });
      time.advance(10);
    }
    expect(said).toEqual([busy]);
    change({ state: "paused" });
    time.advance(1_000);
    expect(said).toHaveLength(2);
    expect(said[1]).toMatchObject({ isPaused: true, isIdle: false });
  });
});
