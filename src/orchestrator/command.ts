import type { AgentMessage } from "../protocol/agent-messages.ts";
import type { Manifest, TargetOptions } from "../protocol/manifest.ts";
import type { Outcome } from "../protocol/outcome.ts";
import type { RerunView, StartedRunView } from "../protocol/views.ts";
import type { Value } from "../protocol/values.ts";

// Everything that changes an environment. Ids are text as it arrived: the command that gets one that nothing bears rejects it.

export type Command =
  // Sessions
  | OpenSession
  | ResumeSession
  | DeclareTargets
  /** The session's connection is gone: it gets no new work until it resumes or expires. */
  | { readonly kind: "disconnect-session"; readonly session: string }
  /** Its lease has ended: what it was executing is abandoned, and the session can never resume. */
  | { readonly kind: "expire-session"; readonly session: string }
  /** An operator's wish: the agent finishes what runs, takes only what that waits for, and leaves. */
  | { readonly kind: "drain-session"; readonly session: string }
  /** The agent's own word that it drains. */
  | { readonly kind: "session-draining"; readonly session: string }
  /** Comes last among the commands of a frame: everything up to this number is committed with them. */
  | { readonly kind: "advance-session"; readonly session: string; readonly sequence: number }
  // Calls of running executions
  | SubmitCall
  | AwaitExecution
  | { readonly kind: "unawait"; readonly session: string; readonly caller: string; readonly request: number }
  | CancelExecutions
  // Reports of agents
  | { readonly kind: "report-started"; readonly session: string; readonly execution: string }
  | ReportOutcome
  | { readonly kind: "report-stopped"; readonly session: string; readonly execution: string }
  | { readonly kind: "record-logs"; readonly session: string; readonly entries: readonly LogEntry[] }
  // Wishes from outside
  | StartRun
  | { readonly kind: "cancel-run"; readonly run: string }
  | { readonly kind: "cancel-execution"; readonly execution: string }
  | { readonly kind: "rerun-step"; readonly step: string }
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  | { readonly kind: "archive" }
  // Time and restarts
  /** What `engine.nextDueAt()` announced; assigning what has become due needs no command of its own: any batch ends with that. */
  | { readonly kind: "expire-due" }
  /** The first command after the start: no session is connected yet. */
  | { readonly kind: "recover" };

export interface OpenSession {
  readonly kind: "open-session";
  readonly agent: { readonly pid: number; readonly host: string; readonly version: string; readonly node: string };
}

/** `acknowledged` and `known` as in the agent's hello. */
export interface ResumeSession {
  readonly kind: "resume-session";
  readonly session: string;
  readonly secret: string;
  readonly acknowledged: number;
  readonly known: readonly string[];
}

export interface DeclareTargets {
  readonly kind: "declare";
  readonly session: string;
  readonly concurrency: number;
  readonly provides: Readonly<Record<string, readonly string[]>>;
  readonly repositories: readonly Manifest[];
}

/** Answered by an agent command: `submitted` or `refused`; if `isAwaited`, `answer` or `refused`. */
export interface SubmitCall {
  readonly kind: "submit-call";
  readonly session: string;
  readonly caller: string;
  readonly request: number;
  readonly target: string;
  readonly arguments: readonly Value[];
  readonly options: TargetOptions | null;
  readonly isAwaited: boolean;
}

/** Answered by an agent command: `answer` or `refused`. */
export interface AwaitExecution {
  readonly kind: "await-execution";
  readonly session: string;
  readonly caller: string;
  readonly request: number;
  readonly execution: string;
  readonly isPeek: boolean;
}

/** Answered by an agent command: `done` or `refused`. */
export interface CancelExecutions {
  readonly kind: "cancel-executions";
  readonly session: string;
  readonly caller: string;
  readonly request: number;
  readonly executions: readonly string[];
}

export interface ReportOutcome {
  readonly kind: "report-outcome";
  readonly session: string;
  readonly execution: string;
  readonly outcome: Outcome;
  readonly mayRetry: boolean;
  readonly retryAfterMs: number | null;
  readonly hasStopped: boolean;
}

export type LogEntry = Extract<AgentMessage, { readonly kind: "logs" }>["entries"][number];

export interface StartRun {
  readonly kind: "start-run";
  readonly target: string;
  readonly arguments: readonly Value[];
  readonly options: TargetOptions | null;
  readonly idempotencyKey: string | null;
}

export type CommandKind = Command["kind"];
export type CommandOf<K extends CommandKind> = Extract<Command, { readonly kind: K }>;

/** What an accepted command answers; `null` where there is nothing to say. */
export interface CommandAnswers {
  readonly "open-session": { readonly session: string; readonly secret: string };
  readonly "resume-session": { readonly session: string; readonly lastSequence: number };
  readonly declare: null;
  readonly "disconnect-session": null;
  readonly "expire-session": null;
  readonly "drain-session": null;
  readonly "session-draining": null;
  readonly "advance-session": null;
  readonly "submit-call": null;
  readonly "await-execution": null;
  readonly unawait: null;
  readonly "cancel-executions": null;
  readonly "report-started": null;
  readonly "report-outcome": null;
  readonly "report-stopped": null;
  readonly "record-logs": null;
  readonly "start-run": StartedRunView & { readonly isNew: boolean };
  readonly "cancel-run": null;
  readonly "cancel-execution": null;
  readonly "rerun-step": RerunView;
  readonly pause: null;
  readonly resume: null;
  /** `isDone` is false while something is still to be cancelled: ask again, each time more of it is. */
  readonly archive: { readonly isDone: boolean };
  readonly "expire-due": null;
  /** The sessions that may still resume: each gets a fresh lease. */
  readonly recover: { readonly sessions: readonly string[] };
}
