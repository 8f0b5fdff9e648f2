import type { LogLevel } from "./agent-messages.ts";
import type { WireError } from "./outcome.ts";
import type { Parameter, TargetOptions, TargetType } from "./manifest.ts";
import type { WaitReason } from "./wait-reason.ts";

// What people and programs see: the JSON of the HTTP API and of the live views. Field names are a contract: additions only.
// A user value is shown as plain JSON where it is plain JSON, otherwise in the tagged form of docs/value-format.md ("API form").

export const executionStatuses = [
  "queued",
  "assigned",
  "succeeded",
  "failed",
  "abandoned",
  "cancelled",
  "timed_out",
  "suspended",
  "cached",
  "deferred",
  "spawned",
  "recurred",
] as const;
export type ExecutionStatus = (typeof executionStatuses)[number];

export const runStatuses = ["queued", "running", "succeeded", "failed", "abandoned", "cancelled", "timed_out"] as const;
export type RunStatus = (typeof runStatuses)[number];

export function isFinalRunStatus(status: RunStatus): boolean {
  return status !== "queued" && status !== "running";
}

/** `value` is in API form; a value that travels as a blob reads `{"$":"blob","v":{"key":…,"size":…}}`. */
export type ResultView =
  | { readonly status: "succeeded"; readonly value: unknown }
  | { readonly status: "failed"; readonly error: ErrorView; readonly retry?: string }
  | { readonly status: "abandoned"; readonly reason: string; readonly retry?: string }
  | { readonly status: "timed_out"; readonly retry?: string }
  | { readonly status: "cancelled" }
  /** The call went on as a run of its own; `execution` is the first of that run, `run` how that gets on. */
  | {
      readonly status: "spawned";
      readonly execution: string;
      readonly run: { readonly status: RunStatus; readonly completedAt: number | null };
    };

/** The error of a result; members that are absent in the wire form are left out. */
export type ErrorView = Pick<WireError, "type" | "message" | "stack" | "frames"> & {
  readonly value?: unknown;
  readonly cause?: ErrorView;
  readonly errors?: readonly ErrorView[];
};

/** `GET …/runs/:run/result`: like the result, or pending. */
export type RunResultView = ResultView | { readonly status: "pending" };

export interface ExecutionView {
  readonly id: string;
  readonly attempt: number;
  readonly status: ExecutionStatus;
  readonly createdAt: number;
  readonly executeAfter: number | null;
  readonly assignedAt: number | null;
  readonly completedAt: number | null;
  readonly sessionId: string | null;
  readonly result: ResultView | null;
  /** Executions (attempt 1) of the steps this one called, and the ones it waited for, in the order of the calls. */
  readonly children: readonly string[];
  readonly dependencies: readonly string[];
  /** Why it does not run; null while it runs, as far as the server knows, and when it is final. */
  readonly reason: WaitReason | null;
  /** What was reported after the outcome was already decided: kept as a fact, without effect. */
  readonly ignored: readonly { readonly status: string; readonly at: number }[];
}

export interface StepView {
  readonly id: string;
  readonly target: string;
  readonly type: TargetType;
  /** The execution that made the call; null for the root. */
  readonly parentId: string | null;
  readonly createdAt: number;
  /** One value in API form for each argument. */
  readonly arguments: readonly unknown[];
  readonly executions: readonly ExecutionView[];
}

export interface RunSummaryView {
  readonly id: string;
  readonly target: string;
  readonly status: RunStatus;
  readonly createdAt: number;
  readonly completedAt: number | null;
  /** The execution that called this workflow; null when it was started from outside. */
  readonly parent: string | null;
}

export interface RunView extends RunSummaryView {
  readonly idempotencyKey: string | null;
  readonly steps: readonly StepView[];
}

export interface RunListView {
  readonly runs: readonly RunSummaryView[];
  /** Give it back as `cursor=` for the next page; null on the last. */
  readonly cursor: string | null;
}

/** As it was declared last: agents with different versions of a repository may host the same target. */
export interface TargetView {
  readonly name: string;
  readonly type: TargetType;
  readonly description: string | null;
  readonly parameters: readonly Parameter[];
  readonly options: TargetOptions;
  /** Sessions of the connected agents that host it now. */
  readonly agents: readonly string[];
}

export interface RepositoriesView {
  readonly repositories: readonly {
    readonly name: string;
    /** Of the latest registration. */
    readonly version: string;
    /** Those of the latest registration, and those of older ones that are still hosted; by name. */
    readonly targets: readonly TargetView[];
    /** Sessions of the connected agents that host any of them now. */
    readonly agents: readonly string[];
  }[];
}

export interface AgentView {
  readonly sessionId: string;
  readonly connected: boolean;
  readonly draining: boolean;
  readonly repositories: readonly string[];
  readonly concurrency: number;
  /** Executions that hold a slot, and executions that wait for others and have yielded theirs. */
  readonly running: number;
  readonly waiting: number;
  readonly provides: Readonly<Record<string, readonly string[]>>;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly createdAt: number;
}

export interface AgentsView {
  readonly agents: readonly AgentView[];
}

export interface LogView {
  readonly executionId: string;
  readonly sequence: number;
  readonly timestamp: number;
  readonly level: LogLevel;
  readonly template: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface LogsView {
  readonly logs: readonly LogView[];
  readonly cursor: string | null;
}

/** What `POST …/runs` answers. */
export interface StartedRunView {
  readonly runId: string;
  readonly stepId: string;
  readonly executionId: string;
}

export interface RerunView {
  readonly executionId: string;
  readonly attempt: number;
}

export interface ProjectView {
  readonly id: string;
  readonly createdAt: number;
  readonly environments: number;
}

export interface EnvironmentView {
  readonly name: string;
  readonly state: "active" | "paused" | "archived";
  readonly base: string | null;
  readonly createdAt: number;
  readonly process: ProcessState;
}

/** `quarantined` is left only by `restart`; `stopped` starts on demand. */
export const processStates = ["starting", "ready", "stopping", "stopped", "backoff", "quarantined"] as const;
export type ProcessState = (typeof processStates)[number];

export interface ProcessView {
  readonly pid: number | null;
  readonly state: ProcessState;
  /** True while the process' event loop has been silent for longer than the soft limit. */
  readonly unresponsive: boolean;
  /** How far it is, while it starts and says so; null otherwise. */
  readonly progress: string | null;
  readonly restarts: number;
  readonly startedAt: number | null;
  readonly rssBytes: number | null;
  readonly cpuPercent: number | null;
  readonly eventLoopLagMs: number | null;
  readonly lastExit: ExitView | null;
}

export interface ExitView {
  readonly at: number;
  readonly code: number | null;
  readonly signal: string | null;
  /** Why, in one sentence, as far as the supervisor knows. */
  readonly reason: string;
}

export interface ProcessesView {
  readonly supervisor: {
    readonly pid: number;
    readonly startedAt: number;
    readonly rssBytes: number;
    readonly version: string;
  };
  readonly gateway: ProcessView;
  readonly orchestrators: readonly (ProcessView & { readonly project: string; readonly environment: string })[];
}
