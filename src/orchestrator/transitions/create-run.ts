import type { Ms } from "../../base/clock.ts";
import { type RunId, makeRunId } from "../../protocol/ids.ts";
import { findRun, insertRun } from "../store/runs.ts";
import type { Transaction } from "../transaction.ts";
import { insertExecution } from "../store/executions.ts";
import { insertStep } from "../store/steps.ts";

export interface RunRequest {
  readonly target: number;
  /** As the columns of a step hold them. */
  readonly arguments: string;
  readonly options: string | null;
  readonly priority: number;
  readonly dueAt: Ms;
  readonly parent: number | null;
  readonly depth: number;
  readonly idempotencyKey: string | null;
}

/** Makes a run with its root step and that step's first execution. */
export function createRun(tx: Transaction, request: RunRequest): { readonly runId: RunId; readonly execution: number } {
  const { db, now } = tx;
  const { target, priority, dueAt } = request;
  const runId = unusedRunId(tx);
  const run = insertRun(db, { ...request, runId, createdAt: now });
  const step = insertStep(db, { ...request, run, number: 1, parent: null, request: null });
  const isReady = dueAt <= now;
  const execution = insertExecution(db, { step, attempt: 1, target, priority, createdAt: now, dueAt, isReady });
  tx.effects.runChanged("run-changed", runId);
  tx.effects.changed("runs-changed");
  return { runId, execution };
}

function unusedRunId(tx: Transaction): RunId {
  let runId = makeRunId(tx.random);
  while (findRun(tx.db, runId) !== undefined) runId = makeRunId(tx.random, runId.length); // One character more.
  return runId;
}
