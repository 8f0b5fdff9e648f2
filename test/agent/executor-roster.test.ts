import { describe, expect, test } from "vitest";
import { createExecutorRoster } from "../../src/agent/executor-roster.ts";
import { LOAD_DEADLINE_MS, LONG_BLOCK_PONGS, MISSED_PONGS_LIMIT, TIMEOUT_SLACK_MS } from "../../src/agent/limits.ts";
import { ABORT_GRACE_MS } from "../../src/protocol/limits.ts";

const shared = { build: 1, isIsolated: false, isTrial: false, loadBy: LOAD_DEADLINE_MS };
const isolated = { ...shared, isIsolated: true };

function rosterOf(...executors: number[]) {
  const roster = createExecutorRoster();
  for (const executor of executors) {
    roster.add(executor, shared);
    roster.ready(executor);
  }
  return roster;
}

function block(roster: ReturnType<typeof rosterOf>, executor: number, pings = MISSED_PONGS_LIMIT): void {
  for (let ping = 0; ping < pings; ping++) roster.pinged(executor);
}

describe("the choice of an executor", () => {
  test("falls on the least loaded, and waiting executions are no load", () => {
    const roster = rosterOf(1, 2);
    roster.place("a", 1, null);
    expect(roster.choose()).toBe(2);
    roster.place("b", 2, null);
    roster.place("c", 2, null);
    expect(roster.choose()).toBe(1);
    roster.setWaiting("b", true);
    roster.setWaiting("c", true);
    roster.setWaiting("c", true);
    expect(roster.choose()).toBe(2);
    roster.setWaiting("c", false);
    roster.stopped("a");
    expect(roster.choose()).toBe(1);
  });

  test("falls, among equals, on the one in which fewest wait", () => {
    const roster = rosterOf(1, 2);
    roster.place("caller", 1, null);
    roster.setWaiting("caller", true);
    expect(roster.choose()).toBe(2);
    roster.place("other", 2, null);
    roster.setWaiting("other", true);
    expect(roster.choose()).toBe(1);
  });

  test("never falls on one that is starting, isolated, blocked or retired", () => {
    const roster = rosterOf(1, 2);
    roster.add(3, shared);
    roster.add(4, isolated);
    roster.ready(4);
    block(roster, 1);
    roster.retire(2);
    expect(roster.choose()).toBeUndefined();
    roster.heard(1);
    expect(roster.choose()).toBe(1);
  });

  test("never falls on the trial of a build that is not used yet, nor does that serve", () => {
    const roster = rosterOf(1);
    roster.add(2, { ...shared, build: 2, isTrial: true });
    roster.ready(2);
    block(roster, 1);
    expect(roster.choose()).toBeUndefined();
    expect(roster.serving()).toBe(1);
    roster.useBuild(2);
    expect(roster.choose()).toBe(2);
    expect(roster.serving()).toBe(1);
  });

  test("falls on the new build once that is used, and the old ones end when they are empty", () => {
    const roster = rosterOf(1);
    roster.place("old", 1, null);
    roster.add(2, { ...shared, build: 2 });
    roster.ready(2);
    roster.useBuild(2);
    expect(roster.choose()).toBe(2);
    expect(roster.serving()).toBe(1);
    expect(roster.check(0)).toEqual([]);
    roster.stopped("old");
    expect(roster.check(0)).toEqual([{ kind: "dismiss", executor: 1 }]);
  });
});

describe("the end of an executor", () => {
  test("is due when it has not loaded its code in time, retired or not", () => {
    const roster = rosterOf(1);
    roster.add(2, shared);
    expect(roster.check(LOAD_DEADLINE_MS - 1)).toEqual([]);
    expect(roster.check(LOAD_DEADLINE_MS)).toEqual([{ kind: "hung", executor: 2 }]);
    roster.retire(2);
    expect(roster.check(LOAD_DEADLINE_MS)).toContainEqual({ kind: "hung", executor: 2 });
  });

  test("is a surprise when it serves, not when it is on trial, isolated or retired", () => {
    const roster = rosterOf(1);
    roster.add(2, { ...shared, isTrial: true });
    roster.add(3, isolated);
    expect([1, 2, 3].map((executor) => roster.isExpectedToEnd(executor))).toEqual([false, true, true]);
    roster.ready(2);
    expect(roster.isExpectedToEnd(2)).toBe(false);
    roster.retire(2);
    expect(roster.isExpectedToEnd(2)).toBe(true);
  });

  test("tells which of its executions have no outcome yet", () => {
    const roster = rosterOf(1);
    roster.place("a", 1, null);
    roster.place("b", 1, null);
    roster.outcomeKnown("b", 0);
    expect(roster.remove(1)).toEqual([
      { execution: "a", hasOutcome: false },
      { execution: "b", hasOutcome: true },
    ]);
    expect(roster.executorOf("a")).toBeUndefined();
  });
});

describe("an execution that does not stop within its grace", () => {
  test("is killed with its own process", () => {
    const roster = createExecutorRoster();
    roster.add(1, isolated);
    roster.place("a", 1, null);
    roster.outcomeKnown("a", 100);
    expect(roster.check(100 + ABORT_GRACE_MS - 1)).toEqual([]);
    expect(roster.check(100 + ABORT_GRACE_MS)).toMatchObject([{ kind: "kill", executor: 1 }]);
  });

  test("is killed with a blocked executor in which nothing else runs", () => {
    const roster = rosterOf(1);
    roster.place("a", 1, null);
    roster.outcomeKnown("a", 0);
    block(roster, 1);
    expect(roster.check(ABORT_GRACE_MS)).toContainEqual({
      kind: "kill",
      executor: 1,
      reason: "a did not stop in time when it was asked to, and the event loop was blocked",
    });
  });

  test("takes others with it only when the executor has been blocked for long, for they may be who blocks it", () => {
    const roster = rosterOf(1);
    roster.place("a", 1, null);
    roster.place("other", 1, null);
    roster.outcomeKnown("a", 0);
    block(roster, 1);
    expect(roster.check(1)).toEqual([{ kind: "blocked", executor: 1, executions: ["a", "other"] }]);
    expect(roster.check(2)).toEqual([]);
    expect(roster.check(ABORT_GRACE_MS)).toEqual([]);
    block(roster, 1, LONG_BLOCK_PONGS - MISSED_PONGS_LIMIT);
    expect(roster.check(ABORT_GRACE_MS + 1)).toMatchObject([{ kind: "kill", executor: 1 }]);
  });

  test("does not harm the others in its executor, which takes nothing new and ends with the last of them", () => {
    const roster = rosterOf(1);
    roster.place("a", 1, null);
    roster.place("other", 1, null);
    roster.outcomeKnown("a", 0);
    expect(roster.check(ABORT_GRACE_MS)).toEqual([]);
    expect(roster.choose()).toBeUndefined();
    expect(roster.serving()).toBe(0);
    roster.stopped("other");
    expect(roster.check(ABORT_GRACE_MS)).toMatchObject([{ kind: "kill", executor: 1 }]);
  });

  test("has stopped in time when it is quick", () => {
    const roster = rosterOf(1);
    roster.place("a", 1, null);
    roster.outcomeKnown("a", 0);
    roster.stopped("a");
    expect(roster.check(ABORT_GRACE_MS)).toEqual([]);
    expect(roster.choose()).toBe(1);
  });
});

describe("a timeout that the executor cannot keep", () => {
  test("is kept by the agent, counted from the start of the function, once", () => {
    const roster = rosterOf(1);
    roster.place("a", 1, 500);
    roster.functionStarted("a", 2_000);
    const dueAt = 2_000 + 500 + TIMEOUT_SLACK_MS;
    expect(roster.check(dueAt - 1)).toEqual([]);
    expect(roster.check(dueAt)).toEqual([{ kind: "timed-out", execution: "a" }]);
    expect(roster.check(dueAt + 1)).toEqual([]);
    block(roster, 1);
    expect(roster.check(dueAt + ABORT_GRACE_MS)).toContainEqual(expect.objectContaining({ kind: "kill", executor: 1 }));
  });

  test("does not run before the function has started: it may be in the queue of an executor that another one blocks", () => {
    const roster = rosterOf(1);
    roster.place("a", 1, 500);
    expect(roster.check(60_000)).toEqual([]);
    roster.functionStarted("a", 60_000);
    expect(roster.check(60_500 + TIMEOUT_SLACK_MS)).toEqual([{ kind: "timed-out", execution: "a" }]);
  });

  test("is not looked at when the outcome is known", () => {
    const roster = rosterOf(1);
    roster.place("a", 1, 500);
    roster.outcomeKnown("a", 400);
    expect(roster.check(5_000)).toEqual([]);
  });
});
