import { expect, test } from "vitest";
import { describeChanges } from "../../../src/cli/run-tree/changes.ts";
import { failed, queued, run, running, startedAt, step } from "./views.ts";

process.env["TZ"] = "UTC";

const now = startedAt + 1_000;

test("each state of an execution is said once", () => {
  const said = new Map<string, string>();
  const say = (...steps: Parameters<typeof run>[0]): string[] => describeChanges(run(steps), said, now);
  const root = step(1, "greet", null, [running]);

  expect(say(step(1, "greet", null, [queued]))).toEqual(["2026-11-01T10:00:01.000Z Rbcdfghj:1:1 flows/greet queued"]);
  expect(say(root)).toEqual(["2026-11-01T10:00:00.000Z Rbcdfghj:1:1 flows/greet running"]);
  expect(say(root)).toEqual([]);
  expect(say(root, step(2, "add", 1, [{ ...queued, reason: { code: "no_agent", target: "flows/add" } }]))).toEqual([
    "2026-11-01T10:00:01.000Z Rbcdfghj:2:1 flows/add queued: no connected agent hosts flows/add",
  ]);
  expect(say(root, step(2, "add", 1, [failed("bad row"), { ...queued, reason: retryAt(now + 5_000) }]))).toEqual([
    "2026-11-01T10:00:00.300Z Rbcdfghj:2:1 flows/add failed in 0.3s: TypeError: bad row",
    "2026-11-01T10:00:01.000Z Rbcdfghj:2:2 flows/add queued: retry back-off until 10:00:06",
  ]);
  expect(
    say(root, step(2, "add", 1, [failed("bad row"), { status: "timed_out", result: { status: "timed_out" } }])),
  ).toEqual(["2026-11-01T10:00:00.300Z Rbcdfghj:2:2 flows/add timed out in 0.3s"]);
});

test("a wait whose end moves is said once", () => {
  const said = new Map<string, string>();
  const delayed = (until: number) => run([step(1, "greet", null, [{ ...queued, reason: { code: "delayed", until } }])]);
  expect(describeChanges(delayed(now + 1_000), said, now)).toHaveLength(1);
  expect(describeChanges(delayed(now + 2_000), said, now)).toEqual([]);
});

function retryAt(until: number) {
  return { code: "retry_backoff", until } as const;
}
