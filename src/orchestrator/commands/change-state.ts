import { type EnvironmentState, environmentState, setEnvironmentState } from "../store/environment.ts";
import { accepted, rejected } from "../outcome.ts";
import type { Handler } from "../handler.ts";
import type { Transaction } from "../transaction.ts";

/** Nothing is assigned or spawned any more; what runs goes on. */
export const pause: Handler<"pause"> = (tx) => change(tx, "paused");

export const resume: Handler<"resume"> = (tx) => change(tx, "active");

function change(tx: Transaction, state: EnvironmentState) {
  const before = environmentState(tx.db);
  if (before === "archived") return rejected("environment_archived", "this environment is archived");
  if (before === state) return accepted(null);
  setEnvironmentState(tx.db, state);
  tx.effects.changed("environment-changed");
  return accepted(null);
}
