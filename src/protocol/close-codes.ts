/** Why the server closes a WebSocket: what stands in the close frame (docs/protocol.md). Codes never change their meaning. */
export const closeCodes = {
  /** What arrived is no frame, or not the one that had to come. */
  broken: 1002,
  /** The server stops or restarts: come back. */
  restarting: 1012,
  /** It reads too slowly, or there are too many connections. */
  overloaded: 1013,
  /** A newer connection speaks for the session. */
  replaced: 4001,
  /** The project or environment is archived or deleted. */
  environmentGone: 4004,
  /** No hello followed the challenge. */
  helloOverdue: 4008,
  protocolMismatch: 4010,
} as const;
