import { environmentState, setEnvironmentState } from "../store/environment.ts";
import type { Handler } from "../handler.ts";
import { accepted } from "../verdict.ts";
import { addSweep } from "../store/sweeps.ts";
import { sweep } from "../transitions/sweep.ts";

/** Cancels everything that is under way and ends all sessions, for good. What is there stays readable. */
export const archive: Handler<"archive"> = (tx) => {
  if (environmentState(tx.db) !== "archived") {
    setEnvironmentState(tx.db, "archived");
    tx.effects.changed("environment-changed");
    addSweep(tx.db, "environment", 0);
  }
  return accepted({ isDone: sweep(tx) });
};
