import type { TargetOptions } from "../protocol/manifest.ts";
import type { Outcome } from "../protocol/outcome.ts";
import type { Value } from "../protocol/values.ts";

// The border between what user code calls and the executor that runs it. The executor makes one runtime for each running execution and runs the
// user's function inside `runInExecution` (context.ts); everything else in this folder finds it there.

/** What `context()` tells a function about the execution it runs in. */
export interface ExecutionContext {
  readonly runId: string;
  /** `<run>:<number>`. */
  readonly stepId: string;
  /** `<run>:<number>:<attempt>`. */
  readonly executionId: string;
  /** Counts from 1. */
  readonly attempt: number;
  /** `<repository>/<name>` of the target that runs. */
  readonly target: string;
  readonly project: string;
  readonly environment: string;
  /** Aborts when the execution is cancelled or its timeout passes; the reason is an ExecutionCancelled or an ExecutionTimeout. */
  readonly signal: AbortSignal;
  /** This execution's own temporary directory, made at the first look and removed afterwards. */
  readonly directory: string;
}

export interface SubmitRequest {
  /** `<repository>/<name>`. */
  readonly target: string;
  /** Encoded; every blob they name is already stored. */
  readonly arguments: readonly Value[];
  /** What `target.with(…)` said; null leaves all to the manifest. */
  readonly options: TargetOptions | null;
}

/** An execution that was submitted and has ended. */
export interface CallAnswer {
  readonly execution: string;
  readonly outcome: Outcome;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

/**
 * What one running execution can ask for. Every method may be called at once and in any number; requests leave in the order of the calls. A
 * request that the server refuses rejects with `refusalError(code, message)` of errors.ts. After the execution was aborted, what is pending
 * and what is asked afterwards rejects with the reason of its signal.
 */
export interface ExecutionRuntime {
  readonly context: ExecutionContext;
  /** Submits a call and resolves to the id of its execution. */
  submit(request: SubmitRequest): Promise<string>;
  /** Submits a call and waits for its final outcome, retries included: one message each way. */
  call(request: SubmitRequest): Promise<CallAnswer>;
  /** Waits for the final outcome of an execution, retries included. */
  result(execution: string): Promise<Outcome>;
  /** Like `result`, but waits `timeoutMs` at most (0: does not wait) and then resolves to null. */
  poll(execution: string, timeoutMs: number): Promise<Outcome | null>;
  /** Cancels executions with everything they called; resolves when it is recorded. Those that are final stay as they are. */
  cancel(executions: readonly string[]): Promise<void>;
  /** Hears of each promise that user code gets for a call. One that rejects although nobody awaits it must not end the process. */
  handOut(promise: Promise<unknown>): void;
  /** Never throws and never waits. `values` are what the slots of the template name; encode them with `encodeLogValues` of log.ts. */
  log(level: LogLevel, template: string, values: Readonly<Record<string, unknown>> | undefined): void;
  readonly blobs: BlobTransfer;
}

/** Bytes too large for a message. */
export interface BlobTransfer {
  get(key: string): Promise<Uint8Array>;
  /** Resolves when the bytes are stored, so that a message may name them. */
  put(bytes: Uint8Array): Promise<{ readonly key: string; readonly size: number }>;
}
