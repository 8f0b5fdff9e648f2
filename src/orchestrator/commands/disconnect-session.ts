import { inSlotsOf } from "../store/executions.ts";
import { endSession, findSession, setConnected } from "../store/sessions.ts";
import type { Handler } from "../handler.ts";
import { accepted } from "../verdict.ts";

/** What a closed WebSocket says after an ordinary goodbye. */
const NORMAL_CLOSURE = 1000;

/**
 * The connection is gone. What the session executes stays its own until it resumes or expires; one that was draining and has nothing left has
 * done what it was to do, and nobody waits for it.
 */
export const disconnectSession: Handler<"disconnect-session"> = (tx, { session: sessionId }) => {
  const session = findSession(tx.db, sessionId);
  if (session === undefined) return accepted(null); // It has ended meanwhile.
  if (session.isDraining && inSlotsOf(tx.db, session.id, 1).length === 0) {
    endSession(tx.db, session.id, tx.now);
    tx.effects.close(sessionId, NORMAL_CLOSURE, "the agent has left");
  } else {
    setConnected(tx.db, session.id, false);
  }
  tx.effects.changed("agents-changed");
  return accepted(null);
};
