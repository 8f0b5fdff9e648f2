import { endSession, liveSessions } from "../store/sessions.ts";
import { environmentState, setEnvironmentState } from "../store/environment.ts";
import { getExecution, inSlotsOf, setSlot } from "../store/executions.ts";
import type { Handler } from "../handler.ts";
import { accepted } from "../outcome.ts";
import { allLive } from "../store/descent.ts";
import { cancelLive } from "../transitions/cancel-live.ts";

/** What `/agent` closes with when the environment is gone (docs/protocol.md). */
const ENVIRONMENT_GONE = 4004;

/** Cancels everything that is under way and ends all sessions, for good. What is there stays readable. */
export const archive: Handler<"archive"> = (tx) => {
  if (environmentState(tx.db) === "archived") return accepted(null);
  for (const id of allLive(tx.db)) cancelLive(tx, getExecution(tx.db, id));
  for (const session of liveSessions(tx.db)) {
    for (const execution of inSlotsOf(tx.db, session.id)) setSlot(tx.db, execution.id, "none");
    endSession(tx.db, session.id, tx.now);
    tx.effects.close(session.sessionId, ENVIRONMENT_GONE, "the environment is archived");
  }
  setEnvironmentState(tx.db, "archived");
  for (const kind of ["environment-changed", "agents-changed", "repositories-changed"] as const)
    tx.effects.changed(kind);
  return accepted(null);
};
