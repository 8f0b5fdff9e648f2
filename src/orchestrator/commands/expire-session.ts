import { endSession, findSession } from "../store/sessions.ts";
import type { Handler } from "../handler.ts";
import { accepted } from "../verdict.ts";
import { addSweep } from "../store/sweeps.ts";
import { sweep } from "../transitions/sweep.ts";

/** The lease has ended: the session can never resume, and what it was executing is given up. */
export const expireSession: Handler<"expire-session"> = (tx, { session: sessionId }) => {
  const session = findSession(tx.db, sessionId);
  if (session === undefined) return accepted(null);
  endSession(tx.db, session.id, tx.now);
  addSweep(tx.db, "session", session.id);
  sweep(tx);
  tx.effects.changed("agents-changed");
  return accepted(null);
};
