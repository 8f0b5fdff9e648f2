import { type EnvironmentState, environmentState, setEnvironmentState } from "../store/environment.ts";
import { accepted } from "../verdict.ts";
import { archived } from "../../protocol/failures.ts";
import { failure } from "../../base/result.ts";
import type { Handler } from "../handler.ts";
import type { Transaction } from "../transaction.ts";

/** Nothing is assigned or spawned any more; what runs goes on. */
export const pause: Handler<"pause"> = (tx) => change(tx, "paused");

export const resume: Handler<"resume"> = (tx) => change(tx, "active");

function change(tx: Transaction, state: EnvironmentState) {
  const before = environmentState(tx.db);
  if (before === "archived") return failure(archived());
  if (before === state) return accepted(null);
  setEnvironmentState(tx.db, state);
  tx.effects.changed("environment-changed");
  return accepted(null);
}
