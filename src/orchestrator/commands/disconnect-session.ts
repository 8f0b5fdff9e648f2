import { findSession, setConnected } from "../store/sessions.ts";
import type { Handler } from "../handler.ts";
import { accepted } from "../outcome.ts";

/** The connection is gone. What the session executes stays its own until it resumes or expires. */
export const disconnectSession: Handler<"disconnect-session"> = (tx, { session: sessionId }) => {
  const session = findSession(tx.db, sessionId);
  if (session === undefined) return accepted(null); // It has ended meanwhile.
  setConnected(tx.db, session.id, false);
  tx.effects.changed("agents-changed");
  return accepted(null);
};
