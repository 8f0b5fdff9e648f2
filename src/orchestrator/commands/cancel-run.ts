import { accepted } from "../verdict.ts";
import { failure } from "../../base/result.ts";
import { notFound } from "../../protocol/failures.ts";
import type { Handler } from "../handler.ts";
import { attemptsOf } from "../store/executions.ts";
import { cancelTree } from "../transitions/cancel-tree.ts";
import { findRun } from "../store/runs.ts";
import { isFinalRunStatus } from "../../protocol/views.ts";
import { getRoot } from "../store/steps.ts";

/**
 * Cancels a run's root with everything that descends from it, in this run and in those that it called. Nothing changes when the run is final:
 * what it called and did not wait for goes on, as its author wished, and is cancelled by its own id.
 */
export const cancelRun: Handler<"cancel-run"> = (tx, { run: runId }) => {
  const run = findRun(tx.db, runId);
  if (run === undefined) return failure(notFound("run_not_found", runId));
  if (isFinalRunStatus(run.status)) return accepted(null);
  cancelTree(
    tx,
    attemptsOf(tx.db, getRoot(tx.db, run).id).map((attempt) => attempt.id),
  );
  return accepted(null);
};
