import { findRun } from "../store/runs.ts";
import { type ResultColumns, unpackOutcome } from "../store/value-columns.ts";
import type { Database } from "../store/database.ts";
import { type RunResultView, isFinalRunStatus } from "../../protocol/views.ts";
import { executionStatusFrom } from "../store/statuses.ts";
import { showOutcome } from "./shown-values.ts";

interface RootRow extends ResultColumns {
  readonly status: number;
}

/** The result of a run, or that it is pending; undefined for an unknown run. */
export function runResult(db: Database, runId: string): RunResultView | undefined {
  const run = findRun(db, runId);
  if (run === undefined) return undefined;
  if (!isFinalRunStatus(run.status)) return { status: "pending" };
  const root = db.get<RootRow>(
    `SELECT status, result, result_links AS resultLinks FROM steps JOIN executions ON step = steps.id
     WHERE run = ? AND number = 1 ORDER BY attempt DESC LIMIT 1`,
    run.id,
  );
  const outcome = root && unpackOutcome(executionStatusFrom(root.status), root);
  if (outcome === undefined) throw new Error(`run ${runId} is ${run.status} without an outcome`);
  return showOutcome(outcome, null);
}
