// What starts an agent (the command line) says to `runAgent` of src/agent/main.ts, and what it hears.

export interface AgentRepository {
  /** The name that target paths begin with: `flows/orders`. */
  readonly name: string;
  /** The module, absolute or relative to the working directory. */
  readonly path: string;
}

export interface AgentOptions {
  /** The server: `http://127.0.0.1:7777`. */
  readonly url: string;
  readonly project: string;
  readonly environment: string;
  readonly repositories: readonly AgentRepository[];
  /** Executions that run at once; those that wait for others do not count. Default: 100. */
  readonly concurrency?: number;
  /** Processes that run user code. Default: the number of cores. */
  readonly executors?: number;
  /** Reload when a source file changes. Default: false. */
  readonly watch?: boolean;
  /** Tags that this agent offers. */
  readonly provides?: Readonly<Record<string, readonly string[]>>;
  /** How long a drain waits for what runs, in milliseconds, before it aborts. Default: 120,000. */
  readonly drainTimeoutMs?: number;
  /** Hears what happens, in the order in which it happens. */
  readonly onEvent: (event: AgentEvent) => void;
}

/** Something the one who runs the agent should see; `text` is a sentence for people, of several lines where it shows an error. */
export interface AgentEvent {
  readonly kind:
    | "loaded"
    | "reloaded"
    | "broken"
    | "connected"
    | "disconnected"
    | "not_found"
    | "session_lost"
    | "executor_ended"
    | "executor_blocked"
    | "output"
    | "overloaded"
    | "draining"
    | "stopped";
  readonly level: "info" | "warning" | "error";
  readonly text: string;
  /** Of `not_found`: the error code with which the server refused the agent. */
  readonly code?: string;
}

/** What `runAgent` resolves to, as exit codes of the process. */
export const agentExitCodes = {
  /** Drained: everything that ran has ended and was reported. */
  drained: 0,
  /** The repositories could not be loaded. */
  broken: 2,
  /** The project or the environment does not exist. */
  notFound: 3,
  /** Aborted, by a second signal or the end of the drain's time. */
  aborted: 130,
} as const;

export type AgentExitCode = (typeof agentExitCodes)[keyof typeof agentExitCodes];
