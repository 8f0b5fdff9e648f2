import { type ExecutionRow, attemptsOf, insertExecution } from "../store/executions.ts";
import { accepted, rejected } from "../outcome.ts";
import { executionIdOf, parseStepId } from "../../protocol/ids.ts";
import type { Handler } from "../handler.ts";
import type { Transaction } from "../transaction.ts";
import { cancelTree } from "../transitions/cancel-tree.ts";
import { effectiveOptions } from "../rules/target-options.ts";
import { environmentState } from "../store/environment.ts";
import { firstSweep } from "../store/sweeps.ts";
import { findRun } from "../store/runs.ts";
import { findStep } from "../store/steps.ts";
import { follow } from "../transitions/follow.ts";
import { followRoot } from "../transitions/end-execution.ts";
import { isLive } from "../rules/execution-state.ts";

/** One more attempt at a step, now, with its stored arguments. What is still under way of it is cancelled first. */
export const rerunStep: Handler<"rerun-step"> = (tx, { step: stepId }) => {
  if (environmentState(tx.db) === "archived") return rejected("environment_archived", "this environment is archived");
  const parts = parseStepId(stepId);
  const run = parts && findRun(tx.db, parts.run);
  const step = parts && run && findStep(tx.db, run.id, parts.step);
  if (run === undefined || step === undefined) {
    return rejected("step_not_found", `there is no step ${stepId} in this environment`);
  }
  if (firstSweep(tx.db, "calls") !== undefined) {
    const message = `a cancellation is still on its way through the steps, and would take the new attempt along: try again in a moment`;
    return rejected("overloaded", message);
  }
  const attempts = attemptsOf(tx.db, step.id);
  cancelTree(tx, underWay(tx, attempts));
  const attempt = (attempts.at(-1)?.attempt ?? 0) + 1;
  const { priority } = effectiveOptions(step.manifest, step.overrides);
  const isReady = step.type !== "workflow" || step.parent === null;
  const times = { createdAt: tx.now, dueAt: tx.now };
  insertExecution(tx.db, { step: step.id, attempt, target: step.target, priority, ...times, isReady });
  if (step.number === 1) followRoot(tx, { run: run.id, runId: run.runId }, "queued");
  tx.effects.runChanged("run-changed", run.runId);
  return accepted({ executionId: executionIdOf(run.runId, step.number, attempt), attempt });
};

/** Attempts that are live, and those that live on as a run. */
function underWay(tx: Transaction, attempts: readonly ExecutionRow[]): number[] {
  const isUnderWay = (attempt: ExecutionRow): boolean =>
    isLive(attempt.status) || (attempt.status === "spawned" && isLive(follow(tx.db, attempt).status));
  return attempts.filter(isUnderWay).map((attempt) => attempt.id);
}
