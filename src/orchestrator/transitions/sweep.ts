import { type Sweep, addSweep, endSweep, firstSweep } from "../store/sweeps.ts";
import { endSession, liveSessions } from "../store/sessions.ts";
import { type ExecutionRow, getExecution, inSlotsOf, setSlot } from "../store/executions.ts";
import type { Transaction } from "../transaction.ts";
import { abort } from "./cancel-live.ts";
import { cancelSomeCalled } from "./cancel-tree.ts";
import { endAndRetry } from "./end-and-retry.ts";
import { endExecution } from "./end-execution.ts";
import { closeCodes } from "../../protocol/close-codes.ts";
import { exhaustive } from "../../base/exhaustive.ts";
import { isLive } from "../rules/execution-state.ts";
import { liveExecutions } from "../store/descent.ts";
import { onItsOwn } from "./on-its-own.ts";

/** Goes on with what was decided for many rows, as far as this batch may. Returns whether all is done. */
export function sweep(tx: Transaction): boolean {
  for (;;) {
    const next = firstSweep(tx.db);
    if (next === undefined) return true;
    if (tx.sweeping.left <= 0) return false;
    sweepSome(tx, next);
  }
}

function sweepSome(tx: Transaction, next: Sweep): void {
  switch (next.kind) {
    case "calls":
      return cancelSomeCalled(tx, next);
    case "environment":
      return cancelSomeOfAll(tx, next);
    case "session":
      return giveUpSome(tx, next);
    default:
      return exhaustive(next.kind);
  }
}

/** Sessions end last, so that their agents still hear what they have to stop; then nobody counts slots any more. */
function cancelSomeOfAll(tx: Transaction, next: Sweep): void {
  const limit = tx.sweeping.left;
  const live = liveExecutions(tx.db, limit);
  for (const id of live) onItsOwn(tx, id, (inner) => cancelForGood(inner, id));
  tx.sweeping.spend(live.length);
  if (live.length === limit) return;
  for (const { id, sessionId } of liveSessions(tx.db)) {
    endSession(tx.db, id, tx.now);
    addSweep(tx.db, "session", id);
    tx.effects.close(sessionId, closeCodes.environmentGone, "the environment is archived");
  }
  endSweep(tx.db, next);
  for (const kind of ["agents-changed", "repositories-changed"] as const) tx.effects.changed(kind);
}

function cancelForGood(tx: Transaction, id: number): void {
  const execution = getExecution(tx.db, id);
  abort(tx, execution, "cancelled");
  endExecution(tx, execution, { outcome: { kind: "cancelled" }, slot: "none", successor: null });
}

/** Nobody knows how far the executions of a lost session came: they are abandoned, and their authors decide whether to try again. */
function giveUpSome(tx: Transaction, next: Sweep): void {
  const limit = tx.sweeping.left;
  const held = inSlotsOf(tx.db, next.subject, limit);
  for (const execution of held) {
    if (isLive(execution.status)) onItsOwn(tx, execution.id, (inner) => abandon(inner, execution));
    else setSlot(tx.db, execution.id, "none");
  }
  tx.sweeping.spend(held.length);
  if (held.length < limit) endSweep(tx.db, next);
}

function abandon(tx: Transaction, execution: ExecutionRow): void {
  const reason = `the agent of session ${execution.sessionId} was not heard of until its lease ended`;
  const outcome = { kind: "abandoned", reason } as const;
  endAndRetry(tx, execution, { outcome, slot: "none", mayRetry: true, retryAfterMs: null });
}
