import type { Ms } from "../base/clock.ts";

// What starts a server (the command line) says to `runSupervisor` of src/supervisor/main.ts, and what it hears.

export interface ServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly dataDirectory: string;
  /** An environment with nothing to do for so long is stopped; 0 keeps all that were started. Default: 5 minutes. */
  readonly idleTimeoutMs?: Ms;
  /** How long an agent may be silent before its work is given up. Default: `LEASE_MS`. */
  readonly sessionLeaseMs?: Ms;
  /** V8 heap of one orchestrator. Default: 256 MB. */
  readonly heapLimitMb?: number;
  /** Resident memory at which an orchestrator is restarted in order; at five thirds of it, it is killed. Default: 384 MB. */
  readonly rssLimitMb?: number;
  /** Lets it listen on an address that others can reach, although nobody has to show a token. Default: false. */
  readonly allowsOpenAddress?: boolean;
  /**
   * Stops it in order when it aborts, for a program that runs a server besides other things: signals are then that program's own, and only
   * trouble is told on stderr. Default: signals stop it.
   */
  readonly stop?: AbortSignal;
  /** Called once, when the server serves. */
  readonly onReady: (url: string) => void;
}

/** What `runSupervisor` resolves to, as exit codes of the process. */
export const serverExitCodes = {
  /** Stopped in order. */
  stopped: 0,
  /** A bug, or the gateway cannot be kept up. */
  failed: 1,
  /** Options that cannot be. */
  usage: 2,
  /** Others hold the port or the data directory. */
  conflict: 5,
  /** Ended at once, by a second signal. */
  interrupted: 130,
} as const;

export type ServerExitCode = (typeof serverExitCodes)[keyof typeof serverExitCodes];
