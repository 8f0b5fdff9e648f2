import { accepted } from "../verdict.ts";
import { failure } from "../../base/result.ts";
import { sessionEnded } from "../../protocol/failures.ts";
import { advanceSequence, findSession } from "../store/sessions.ts";
import type { Handler } from "../handler.ts";

/** Remembers, in the transaction of a frame's commands, that they are done: a frame that comes again is not looked at. */
export const advanceSession: Handler<"advance-session"> = (tx, { session, sequence }) => {
  if (advanceSequence(tx.db, session, sequence)) return accepted(null);
  if (findSession(tx.db, session) !== undefined) return accepted(null); // Seen already.
  return failure(sessionEnded(session));
};
