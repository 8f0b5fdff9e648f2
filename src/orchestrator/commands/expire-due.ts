import type { Handler } from "../handler.ts";
import { abort } from "../transitions/cancel-live.ts";
import { accepted } from "../outcome.ts";
import { concludeExecution } from "../transitions/conclude-execution.ts";
import { expiredExecutions } from "../store/queue.ts";
import { getExecution } from "../store/executions.ts";

/** Times out what its agent should have timed out by now. The slot stays taken: its code may still run. */
export const expireDue: Handler<"expire-due"> = (tx) => {
  for (const id of expiredExecutions(tx.db, tx.now, tx.limits.executionsPerTurn)) {
    const execution = getExecution(tx.db, id);
    if (execution.status !== "assigned") continue; // Cancelled with one before it in this list.
    abort(tx, execution, "timed_out");
    concludeExecution(tx, execution, {
      outcome: { kind: "timed_out" },
      slot: "held",
      mayRetry: true,
      retryAfterMs: null,
    });
  }
  return accepted(null);
};
