import { FatalError } from "./store/fatal-error.ts";
import { storageFault } from "./store/sqlite-errors.ts";
import { EffectList, type Transaction } from "./transaction.ts";

export type Isolated<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** Runs `body` so that its rows and effects are kept together, or neither. */
export function isolated<T>(tx: Transaction, body: (inner: Transaction) => T): Isolated<T> {
  const inner = { ...tx, effects: new EffectList() };
  try {
    const value = tx.db.savepoint(() => body(inner));
    tx.effects.absorb(inner.effects);
    return { ok: true, value };
  } catch (error) {
    if (!isBug(error)) throw error;
    return { ok: false, error };
  }
}

/** Only what is neither the disk's fault nor a deliberate end of the process. */
export function isBug(error: unknown): boolean {
  return !(error instanceof FatalError) && storageFault(error) === undefined;
}
