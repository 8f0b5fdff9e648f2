import type { Handler } from "../handler.ts";
import { accepted } from "../verdict.ts";
import { deleteWait } from "../store/waits.ts";
import { findCaller } from "./callers.ts";

/** A time limit of the caller passed: it goes on, with a slot. What it waited for goes on too. */
export const unawait: Handler<"unawait"> = (tx, command) => {
  const caller = findCaller(tx, command);
  if (!caller.ok) return caller;
  deleteWait(tx.db, caller.value.id, command.request);
  tx.effects.runChanged("run-changed", caller.value.runId);
  tx.effects.changed("agents-changed");
  return accepted(null);
};
