import { describe, expect, test } from "vitest";
import {
  type FollowEffect,
  type FollowEvent,
  dueAt,
  moveFollowing,
  newFollowing,
} from "../../../src/cli/api/following.ts";
import { POLL_MS, RECONNECT_FIRST_MS, RECONNECT_LIMIT_MS, UNREACHABLE_LIMIT_MS } from "../../../src/cli/limits.ts";
import { run } from "../run-tree/views.ts";

const running = run([]);
const succeeded = run([], { status: "succeeded" });

const told: FollowEvent = { kind: "told", view: running };
const ended: FollowEvent = { kind: "told", view: succeeded };
const lost: FollowEvent = { kind: "lost", reason: "the connection broke" };
const pending: FollowEvent = { kind: "answered", isOver: false, view: running };
const unanswered: FollowEvent = { kind: "unanswered" };

/** A following that has begun at 0. `random` draws the longest delay. */
function following() {
  const random = { next: () => 1 };
  let { state } = moveFollowing(newFollowing(0), { kind: "begin" }, 0, random);
  const take = (at: number, event: FollowEvent): string[] => {
    const move = moveFollowing(state, event, at, random);
    state = move.state;
    return move.effects.map(inShort);
  };
  /** Lets the time come to which it looks forward, and says when that was. */
  const wait = (): { at: number; effects: string[] } => {
    const at = dueAt(state) ?? Number.NaN;
    return { at, effects: take(at, { kind: "due" }) };
  };
  return { take, wait, nextAt: () => dueAt(state) };
}

function inShort(effect: FollowEffect): string {
  switch (effect.kind) {
    case "show":
      return `show ${effect.view.status}`;
    case "end":
      return `end ${effect.view?.status ?? "unseen"}`;
    case "fail":
      return `fail ${effect.error.message}`;
    case "give-up":
      return `give-up ${effect.reason}`;
    case "listen":
    case "ask":
      return effect.kind;
  }
}

describe("while the topic tells of the run", () => {
  test("each view is shown, and the final one ends it", () => {
    const { take, nextAt } = following();
    expect(take(10, told)).toEqual(["show running"]);
    expect(nextAt()).toBe(null);
    expect(take(20, ended)).toEqual(["show succeeded", "end succeeded"]);
    expect(take(30, told)).toEqual([]);
  });

  test("a refusal ends it", () => {
    const { take } = following();
    expect(take(10, { kind: "stopped", error: new Error("there is no run") })).toEqual(["fail there is no run"]);
    expect(take(20, lost)).toEqual([]);
  });
});

describe("when the socket is lost", () => {
  test("the run is asked for at once, and the socket opened again after a moment", () => {
    const { take, wait } = following();
    expect(take(1_000, lost)).toEqual(["ask"]);
    expect(wait()).toEqual({ at: 1_000 + RECONNECT_FIRST_MS, effects: ["listen"] });
  });

  test("it is opened ever more seldom, until it tells something", () => {
    const { take, wait } = following();
    const delaysMs: number[] = [];
    let now = 0;
    for (let loss = 0; loss < 7; loss++) {
      take(now, lost); // What was asked is never answered.
      const { at } = wait();
      delaysMs.push(at - now);
      now = at;
    }
    expect(delaysMs).toEqual([200, 400, 800, 1_600, 3_200, RECONNECT_LIMIT_MS, RECONNECT_LIMIT_MS]);
    take(now, told);
    take(now, lost);
    expect(wait().at).toBe(now + RECONNECT_FIRST_MS);
  });

  test("it is asked for once in a while, however often the socket is lost again", () => {
    const { take, wait } = following();
    expect(take(0, lost)).toEqual(["ask"]);
    expect(take(50, pending)).toEqual(["show running"]);
    expect(wait()).toEqual({ at: RECONNECT_FIRST_MS, effects: ["listen"] });
    expect(take(210, lost)).toEqual([]);
    expect(wait()).toEqual({ at: 610, effects: ["listen"] });
    expect(wait()).toEqual({ at: 50 + POLL_MS, effects: ["ask"] });
    expect(take(2_000, unanswered)).toEqual([]);
    expect(wait()).toEqual({ at: 2_000 + POLL_MS, effects: ["ask"] });
  });

  test("nothing is asked any more when the topic tells of it again", () => {
    const { take, wait, nextAt } = following();
    take(0, lost);
    take(50, unanswered);
    wait();
    expect(take(300, told)).toEqual(["show running"]);
    expect(nextAt()).toBe(null);
  });

  test("an answer that comes when the topic tells of it again shows nothing older", () => {
    const { take, nextAt } = following();
    take(0, lost);
    take(300, told);
    expect(take(310, pending)).toEqual([]);
    expect(nextAt()).toBe(null);
  });

  test.each<[string, FollowEvent, string[]]>([
    ["as it is seen", { kind: "answered", isOver: true, view: succeeded }, ["show succeeded", "end succeeded"]],
    ["though it cannot be seen", { kind: "answered", isOver: true, view: null }, ["end unseen"]],
    [
      "though its first step runs again",
      { kind: "answered", isOver: true, view: running },
      ["show running", "end running"],
    ],
  ])("the answer that the run is over ends it, %s", (_, answer, effects) => {
    const { take, nextAt } = following();
    take(0, lost);
    expect(take(10, answer)).toEqual(effects);
    expect(nextAt()).toBe(null);
  });

  test("it is given up when nothing was heard of it for too long", () => {
    const { take } = following();
    take(5, told);
    expect(take(5 + UNREACHABLE_LIMIT_MS, lost)).toEqual(["ask"]);
    expect(take(6 + UNREACHABLE_LIMIT_MS, lost)).toEqual(["give-up the connection broke"]);
  });

  test("an answer is a sign of life, though it shows nothing", () => {
    const { take } = following();
    take(0, lost);
    take(UNREACHABLE_LIMIT_MS, { kind: "answered", isOver: false, view: null });
    expect(take(2 * UNREACHABLE_LIMIT_MS, lost)).toEqual([]);
  });
});
