import { type ExecutionRow, getExecution } from "../store/executions.ts";
import type { Handler } from "../handler.ts";
import type { Transaction } from "../transaction.ts";
import { abort } from "../transitions/cancel-live.ts";
import { accepted } from "../verdict.ts";
import { endAndRetry } from "../transitions/end-and-retry.ts";
import { expiredExecutions } from "../store/queue.ts";
import { onItsOwn } from "../transitions/on-its-own.ts";

/** Times out what its agent should have timed out by now. */
export const expireDue: Handler<"expire-due"> = (tx) => {
  for (const id of expiredExecutions(tx.db, tx.now, tx.limits.executionsPerTurn)) {
    const execution = getExecution(tx.db, id);
    if (execution.status !== "assigned") continue; // Cancelled with one before it in this list.
    onItsOwn(tx, id, (inner) => timeOut(inner, execution));
  }
  return accepted(null);
};

/** The slot stays taken: its code may still run. */
function timeOut(tx: Transaction, execution: ExecutionRow): void {
  abort(tx, execution, "timed_out");
  const outcome = { kind: "timed_out" } as const;
  endAndRetry(tx, execution, { outcome, slot: "held", mayRetry: true, retryAfterMs: null });
}
