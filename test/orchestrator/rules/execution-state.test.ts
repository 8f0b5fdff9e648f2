import { expect, test } from "vitest";
import { isFailure, isLive, runStatusOf } from "../../../src/orchestrator/rules/execution-state.ts";
import { executionStatuses, isFinalRunStatus } from "../../../src/protocol/views.ts";

test("only what is queued or assigned is live", () => {
  expect(executionStatuses.filter(isLive)).toEqual(["queued", "assigned"]);
});

test("a failed, an abandoned and a timed out attempt are failures; a cancelled one is none", () => {
  expect(executionStatuses.filter(isFailure)).toEqual(["failed", "abandoned", "timed_out"]);
});

test("a run is final exactly when its root has an end that nothing follows", () => {
  const final = executionStatuses.filter((status) => isFinalRunStatus(runStatusOf(status)));
  expect(final).toEqual(["succeeded", "failed", "abandoned", "cancelled", "timed_out"]);
  expect(runStatusOf("queued")).toBe("queued");
  expect(runStatusOf("assigned")).toBe("running");
});
