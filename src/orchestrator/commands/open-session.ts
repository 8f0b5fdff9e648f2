import { accepted } from "../verdict.ts";
import { hashSecret, makeSecret } from "./session-secret.ts";
import { archived } from "../../protocol/failures.ts";
import { failure } from "../../base/result.ts";
import type { Handler } from "../handler.ts";
import { environmentState } from "../store/environment.ts";
import { insertSession } from "../store/sessions.ts";
import { makeSessionId } from "../../protocol/ids.ts";

/** A new session for a connected agent. It gets work from its first declaration on. */
export const openSession: Handler<"open-session"> = (tx, { agent }) => {
  if (environmentState(tx.db) === "archived") return failure(archived());
  const sessionId = makeSessionId(tx.random);
  const secret = makeSecret(tx.random);
  const { pid, host, version } = agent;
  insertSession(tx.db, { sessionId, secretHash: hashSecret(secret), pid, host, version, createdAt: tx.now });
  tx.effects.changed("agents-changed");
  return accepted({ session: sessionId, secret });
};
