import type { Handler } from "../handler.ts";
import type { Transaction } from "../transaction.ts";
import { accepted } from "../outcome.ts";
import { concludeExecution } from "../transitions/conclude-execution.ts";
import { deleteWaitsOfSession } from "../store/waits.ts";
import { endSession, findSession } from "../store/sessions.ts";
import { inSlotsOf, setSlot } from "../store/executions.ts";
import { isLive } from "../rules/execution-state.ts";

/** The lease has ended: nobody knows how far the executions came, so they are abandoned; their authors decide whether to try again. */
export const expireSession: Handler<"expire-session"> = (tx, { session: sessionId }) => {
  const session = findSession(tx.db, sessionId);
  if (session === undefined) return accepted(null);
  deleteWaitsOfSession(tx.db, session.id);
  for (const execution of inSlotsOf(tx.db, session.id)) {
    if (!isLive(execution.status)) setSlot(tx.db, execution.id, "none");
    else abandon(tx, execution, `the agent of session ${sessionId} was not heard of until its lease ended`);
  }
  endSession(tx.db, session.id, tx.now);
  tx.effects.changed("agents-changed");
  return accepted(null);
};

function abandon(tx: Transaction, execution: Parameters<typeof concludeExecution>[1], reason: string): void {
  const outcome = { kind: "abandoned", reason } as const;
  concludeExecution(tx, execution, { outcome, slot: "none", mayRetry: true, retryAfterMs: null });
}
