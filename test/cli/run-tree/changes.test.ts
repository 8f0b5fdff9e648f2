import { expect, test } from "vitest";
import type { ExecutionView } from "../../../src/protocol/views.ts";
import { describeChanges } from "../../../src/cli/run-tree/changes.ts";
import { failed, queued, run, running, startedAt, step } from "./views.ts";

process.env["TZ"] = "UTC";

const now = startedAt + 1_000;

test("each state of an execution is said once", () => {
  const said = new Map();
  const say = (...steps: Parameters<typeof run>[0]): string[] => describeChanges(run(steps), said, now);
  const root = step(1, "greet", null, [running]);

  expect(say(step(1, "greet", null, [queued]))).toEqual(["2026-11-01T10:00:01.000Z Rbcdfghj:1:1 flows/greet queued"]);
  expect(say(root)).toEqual(["2026-11-01T10:00:01.000Z Rbcdfghj:1:1 flows/greet running"]);
  expect(say(root)).toEqual([]);
  expect(say(root, step(2, "add", 1, [{ ...queued, reason: { code: "no_agent", target: "flows/add" } }]))).toEqual([
    "2026-11-01T10:00:01.000Z Rbcdfghj:2:1 flows/add queued: no connected agent hosts flows/add",
  ]);
  expect(say(root, step(2, "add", 1, [failed("bad row"), { ...queued, reason: retryAt(now + 5_000) }]))).toEqual([
    "2026-11-01T10:00:01.000Z Rbcdfghj:2:1 flows/add running",
    "2026-11-01T10:00:01.000Z Rbcdfghj:2:1 flows/add failed in 0.3s: TypeError: bad row",
    "2026-11-01T10:00:01.000Z Rbcdfghj:2:2 flows/add queued: retry back-off until 10:00:06",
  ]);
  expect(
    say(root, step(2, "add", 1, [failed("bad row"), { status: "timed_out", result: { status: "timed_out" } }])),
  ).toEqual([
    "2026-11-01T10:00:01.000Z Rbcdfghj:2:2 flows/add running",
    "2026-11-01T10:00:01.000Z Rbcdfghj:2:2 flows/add timed out in 0.3s",
  ]);
});

test("what is told late is said in the order of time: callers begin before what they call and end after it", () => {
  const view = run([
    step(1, "greet", null),
    step(2, "load", 1, [{ completedAt: startedAt + 200 }]),
    step(3, "cached", 1, [{ status: "cached", assignedAt: null, completedAt: startedAt + 250 }]),
    step(4, "sum", 1, [spawned(startedAt + 300)]),
  ]);
  expect(describeChanges(view, new Map(), now).map((line) => line.slice(17, 60))).toEqual([
    "00.000Z Rbcdfghj:1:1 flows/greet running",
    "00.000Z Rbcdfghj:2:1 flows/load running",
    "00.200Z Rbcdfghj:2:1 flows/load succeeded i",
    "00.250Z Rbcdfghj:3:1 flows/cached cached",
    "00.300Z Rbcdfghj:4:1 flows/sum succeeded in",
    "00.300Z Rbcdfghj:1:1 flows/greet succeeded ",
  ]);
});

test("a call that has become a run is running until that run has ended", () => {
  const said = new Map();
  const say = (completedAt: number | null): string[] =>
    describeChanges(run([step(1, "sum", null, [spawned(completedAt)])]), said, now).map((line) => line.slice(25));
  expect(say(null)).toEqual(["Rbcdfghj:1:1 flows/sum running: run Rzzzzzzzz"]);
  expect(say(null)).toEqual([]);
  expect(say(startedAt + 300)).toEqual(["Rbcdfghj:1:1 flows/sum succeeded in 0.2s: run Rzzzzzzzz"]);
});

test("an execution whose agent is lost and found has a line for both", () => {
  const said = new Map();
  const lost = { ...running, reason: { code: "agent_disconnected", session: "Sbcd" } } as const;
  const say = (state: Partial<ExecutionView>): string[] =>
    describeChanges(run([step(1, "greet", null, [state])]), said, now).map((line) => line.slice(25));
  expect(say(running)).toEqual(["Rbcdfghj:1:1 flows/greet running"]);
  expect(say(lost)).toEqual(["Rbcdfghj:1:1 flows/greet waiting: its agent is disconnected (Sbcd)"]);
  expect(say(running)).toEqual(["Rbcdfghj:1:1 flows/greet running"]);
});

test("of what is about to change nothing is said", () => {
  const say = (state: Partial<ExecutionView>, at: number) =>
    describeChanges(run([step(1, "greet", null, [state])]), new Map(), at);
  const unstarted = { ...running, reason: { code: "not_started", session: "Sbcd" } } as const;
  expect(say({ ...queued, reason: { code: "ready" } }, now)).toEqual([]);
  expect(say(unstarted, startedAt + 999)).toEqual([]);
  expect(say(unstarted, startedAt + 1_000)).toEqual([
    "2026-11-01T10:00:01.000Z Rbcdfghj:1:1 flows/greet waiting: its agent has not started it yet (Sbcd)",
  ]);
});

test("a wait whose end moves is said once", () => {
  const said = new Map();
  const delayed = (until: number) => run([step(1, "greet", null, [{ ...queued, reason: { code: "delayed", until } }])]);
  expect(describeChanges(delayed(now + 1_000), said, now)).toHaveLength(1);
  expect(describeChanges(delayed(now + 2_000), said, now)).toEqual([]);
});

function retryAt(until: number) {
  return { code: "retry_backoff", until } as const;
}

function spawned(completedAt: number | null): Partial<ExecutionView> {
  const status = completedAt === null ? "running" : "succeeded";
  const result = { status: "spawned", execution: "Rzzzzzzzz:1:1", run: { status, completedAt } } as const;
  return { status: "spawned", assignedAt: null, completedAt: startedAt + 100, result };
}
