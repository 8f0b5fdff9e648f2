import { setEnded, getExecution } from "../store/executions.ts";
import type { Transaction } from "../transaction.ts";
import { endExecution } from "./end-execution.ts";
import { isolated } from "../isolated.ts";
import { packOutcome } from "../store/value-columns.ts";

/**
 * Does what a batch does with one of many live executions. After a bug (the guarded way, batch.ts) each is done on its own, and one that fails is set
 * aside: it ends as abandoned. What fails once fails again, and would keep every later batch from assigning anything to anybody.
 */
export function onItsOwn(tx: Transaction, execution: number, body: (inner: Transaction) => void): void {
  if (tx.onBug === null) return body(tx);
  const done = isolated(tx, body);
  if (done.ok) return;
  const { executionId } = getExecution(tx.db, execution);
  tx.onBug(done.error, `execution ${executionId}`);
  const reason = "a bug in the server met it; the server's log has the details";
  const outcome = { kind: "abandoned", reason } as const;
  const ended = isolated(tx, (inner) =>
    endExecution(inner, getExecution(inner.db, execution), { outcome, slot: "none", successor: null }),
  );
  if (ended.ok) return;
  tx.onBug(ended.error, `execution ${executionId}`);
  const columns = { ...packOutcome(outcome), status: outcome.kind, slot: "none", successor: null } as const;
  setEnded(tx.db, execution, { ...columns, completedAt: tx.now });
}
