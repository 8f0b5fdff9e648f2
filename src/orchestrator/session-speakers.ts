/**
 * Which connection speaks for which session: the newest that said hello with its secret. A session whose connection goes while another one's
 * hello for it is with the engine is not disconnected: its agent has come back before the loss of the old socket was noticed.
 */
export interface SessionSpeakers<C> {
  /** A hello for the session is with the engine; each is followed by `settled`. */
  greeting(session: string): void;
  /** The engine has answered. True when nobody speaks for the session now, nor is about to. */
  settled(session: string): boolean;
  /** The connection speaks for the session from now on. Returns the one that did until now, if it was another. */
  bind(session: string, connection: C): C | undefined;
  /** The connection is gone. Returns the session that is left without any. */
  release(connection: C): string | undefined;
  /** The session is over. Returns the connection that spoke for it. */
  end(session: string): C | undefined;
  connectionOf(session: string): C | undefined;
  sessionOf(connection: C): string | undefined;
}

export function createSessionSpeakers<C>(): SessionSpeakers<C> {
  const connections = new Map<string, C>();
  const sessions = new Map<C, string>();
  const greetings = new Map<string, number>();

  const end = (session: string): C | undefined => {
    const connection = connections.get(session);
    connections.delete(session);
    if (connection !== undefined) sessions.delete(connection);
    return connection;
  };

  const release = (connection: C): string | undefined => {
    const session = sessions.get(connection);
    if (session === undefined) return undefined;
    end(session);
    return greetings.has(session) ? undefined : session;
  };

  return {
    greeting(session) {
      greetings.set(session, (greetings.get(session) ?? 0) + 1);
    },
    settled(session) {
      const left = (greetings.get(session) ?? 0) - 1;
      if (left > 0) greetings.set(session, left);
      else greetings.delete(session);
      return left <= 0 && !connections.has(session);
    },
    bind(session, connection) {
      const before = end(session);
      connections.set(session, connection);
      sessions.set(connection, session);
      return before === connection ? undefined : before;
    },
    release,
    end,
    connectionOf: (session) => connections.get(session),
    sessionOf: (connection) => sessions.get(connection),
  };
}
