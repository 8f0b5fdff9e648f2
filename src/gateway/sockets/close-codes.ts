/** Why the gateway closes a WebSocket. The orchestrator adds its own: 4001, 4008, 4010 (docs/protocol.md). */
export const closeCodes = {
  /** What arrived is no frame. */
  broken: 1002,
  /** The server stops or restarts: come back. */
  restarting: 1012,
  /** It reads too slowly, or there are too many connections. */
  overloaded: 1013,
  /** The project or environment is archived or deleted. */
  environmentGone: 4004,
} as const;
