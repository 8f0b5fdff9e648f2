import { accepted } from "../verdict.ts";
import { findSession, setDraining } from "../store/sessions.ts";
import { failure } from "../../base/result.ts";
import { notFound, sessionEnded } from "../../protocol/failures.ts";
import type { Handler } from "../handler.ts";

/** An operator's wish: from now on this session gets only what its executions wait for; its agent leaves when they are done. */
export const drainSession: Handler<"drain-session"> = (tx, { session: sessionId }) => {
  const session = findSession(tx.db, sessionId);
  if (session === undefined) return failure(notFound("session_not_found", sessionId));
  setDraining(tx.db, session.id);
  tx.effects.send(sessionId, { kind: "drain" });
  tx.effects.changed("agents-changed");
  return accepted(null);
};

/** The agent's own word that it drains. */
export const sessionDraining: Handler<"session-draining"> = (tx, { session: sessionId }) => {
  const session = findSession(tx.db, sessionId);
  if (session === undefined) return failure(sessionEnded(sessionId));
  setDraining(tx.db, session.id);
  tx.effects.changed("agents-changed");
  return accepted(null);
};
