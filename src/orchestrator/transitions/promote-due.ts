import { type DueRow, dueExecutions } from "../store/queue.ts";
import { type ExecutionRow, setEnded, getExecution, markReady } from "../store/executions.ts";
import type { Transaction } from "../transaction.ts";
import { createRun } from "./create-run.ts";
import { findRun } from "../store/runs.ts";
import { getStep } from "../store/steps.ts";
import { moveWaits } from "../store/waits.ts";
import { onItsOwn } from "./on-its-own.ts";

/** Brings executions whose time has come into the queue; a called workflow becomes a run of its own. Returns how many there were. */
export function promoteDue(tx: Transaction): number {
  const due = dueExecutions(tx.db, tx.now, tx.limits.executionsPerTurn);
  for (const row of due) {
    const { id } = row;
    onItsOwn(tx, id, (inner) => (row.isCall ? spawn(inner, getExecution(inner.db, id)) : enqueue(inner, row)));
  }
  return due.length;
}

/** Whoever subscribes to its run sees another reason from now on, also when nobody can take it. */
function enqueue(tx: Transaction, { id, runId }: DueRow): void {
  markReady(tx.db, id);
  tx.effects.runChanged("run-changed", runId);
}

/** The call is final, as `spawned`; who waits for it waits for the root of the new run. */
function spawn(tx: Transaction, call: ExecutionRow): void {
  const { db, now } = tx;
  const { target, arguments: argumentsColumn, options } = getStep(db, call.step);
  const depth = (findRun(db, call.runId)?.depth ?? 0) + 1;
  const { execution } = createRun(tx, {
    target,
    arguments: argumentsColumn,
    options,
    priority: call.priority,
    dueAt: now, // The call has waited for its delay already.
    parent: call.id,
    depth,
    idempotencyKey: null,
  });
  const columns = { status: "spawned", slot: "none", successor: execution, completedAt: now } as const;
  setEnded(db, call.id, { ...columns, result: null, resultLinks: null });
  moveWaits(db, { from: call.id, to: execution });
  tx.effects.runChanged("run-changed", call.runId);
}
