import { type ExecutionRow, attemptsOf, insertExecution, setReplaced } from "../store/executions.ts";
import { accepted, rejected } from "../verdict.ts";
import { executionIdOf, parseStepId } from "../../protocol/ids.ts";
import { archived, notFound } from "../../protocol/failures.ts";
import { failure } from "../../base/result.ts";
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
import { moveWaits, moveWaitsOfStep } from "../store/waits.ts";

/** One more attempt at a step, now, with its stored arguments. What is still under way of it is cancelled; who waits for it waits for the new one. */
export const rerunStep: Handler<"rerun-step"> = (tx, { step: stepId }) => {
  if (environmentState(tx.db) === "archived") return failure(archived());
  const parts = parseStepId(stepId);
  const run = parts && findRun(tx.db, parts.run);
  const step = parts && run && findStep(tx.db, run.id, parts.step);
  if (run === undefined || step === undefined) {
    return failure(notFound("step_not_found", stepId));
  }
  if (firstSweep(tx.db, "calls") !== undefined) {
    const message = `a cancellation is still on its way through the steps, and would take the new attempt along: try again in a moment`;
    return rejected("overloaded", message);
  }
  const last = attemptsOf(tx.db, step.id).at(-1);
  const attempt = (last?.attempt ?? 0) + 1;
  const { priority } = effectiveOptions(step.manifest, step.overrides);
  const isReady = step.type !== "workflow" || step.parent === null;
  const times = { createdAt: tx.now, dueAt: tx.now };
  const made = insertExecution(tx.db, { step: step.id, attempt, target: step.target, priority, ...times, isReady });
  if (last !== undefined) replaceIfUnderWay(tx, last, made);
  if (step.number === 1) followRoot(tx, { run: run.id, runId: run.runId }, "queued");
  tx.effects.runChanged("run-changed", run.runId);
  return accepted({ executionId: executionIdOf(run.runId, step.number, attempt), attempt });
};

/** An attempt that is live, or lives on as a run, ends as cancelled. A final one keeps what it came to, also for those who ask later. */
function replaceIfUnderWay(tx: Transaction, before: ExecutionRow, made: number): void {
  if (!isLive(before.status) && before.status !== "spawned") return;
  const end = follow(tx.db, before);
  if (!isLive(end.status)) return;
  if (end.id === before.id) moveWaits(tx.db, { from: end.id, to: made });
  else moveWaitsOfStep(tx.db, before.step, { from: end.id, to: made }); // Others may have asked for the run itself, which ends.
  cancelTree(tx, [before.id]);
  setReplaced(tx.db, { execution: before.id, by: made }); // Only now: what follows an attempt is cancelled with it.
}
