import { type CalledRow, type DescentRow, attemptsAtCalls, attemptsAtSpawned, attemptsFrom } from "../store/descent.ts";
import { type Sweep, addSweep, endSweep, firstSweep, moveSweep } from "../store/sweeps.ts";
import type { Transaction } from "../transaction.ts";
import { cancelLive } from "./cancel-live.ts";
import { getExecution } from "../store/executions.ts";
import { onItsOwn } from "./on-its-own.ts";

// Callers are cancelled before what they called: what is final calls nothing more, so whatever is found below it is all there will ever be.

/**
 * Cancels what is live among these executions, the attempts that follow them, and everything that descends from them. The first two at once;
 * of the descendants as many as this batch may, and the following batches go on.
 */
export function cancelTree(tx: Transaction, executions: readonly number[]): void {
  for (const row of attemptsFrom(tx.db, executions)) cancelOne(tx, row);
  cancelDescendants(tx);
}

/** Cancels everything that descends from an execution that is final. */
export function cancelCalled(tx: Transaction, execution: number): void {
  addSweep(tx.db, "calls", execution);
  cancelDescendants(tx);
}

/** Goes on with cancelling descendants, as far as this batch may. */
function cancelDescendants(tx: Transaction): void {
  while (tx.sweeping.left > 0) {
    const next = firstSweep(tx.db, "calls");
    if (next === undefined) return;
    cancelSomeCalled(tx, next);
  }
}

/** One slice of it. */
export function cancelSomeCalled(tx: Transaction, sweep: Sweep): void {
  const { subject, position } = sweep;
  const limit = tx.sweeping.left;
  const spawned: readonly DescentRow[] = position === 0 ? attemptsAtSpawned(tx.db, subject) : [];
  const called = attemptsAtCalls(tx.db, { caller: subject, after: position, limit });
  for (const row of [...spawned, ...called]) cancelOne(tx, row);
  tx.sweeping.spend(spawned.length + called.length);
  const last: CalledRow | undefined = called.at(-1);
  if (last === undefined || called.length < limit) endSweep(tx.db, sweep);
  else moveSweep(tx.db, sweep, last.request);
}

function cancelOne(tx: Transaction, { id, isLive, leadsOn }: DescentRow): void {
  if (isLive === 1) onItsOwn(tx, id, (inner) => cancelLive(inner, getExecution(inner.db, id)));
  if (leadsOn === 1) addSweep(tx.db, "calls", id);
}
