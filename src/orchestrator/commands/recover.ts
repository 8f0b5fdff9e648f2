import { disconnectAll, liveSessions } from "../store/sessions.ts";
import type { Handler } from "../handler.ts";
import { accepted } from "../verdict.ts";

/** After a start: sessions live on, their connections do not. Everything else stands in the rows as it was. */
export const recover: Handler<"recover"> = (tx) => {
  disconnectAll(tx.db);
  return accepted({ sessions: liveSessions(tx.db).map(({ sessionId }) => sessionId) });
};
