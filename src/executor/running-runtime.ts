import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Cancel, Timers } from "../base/clock.ts";
import type { ExecutorCommand, ExecutorMessage } from "../protocol/executor-messages.ts";
import { parseExecutionId } from "../protocol/ids.ts";
import type { Outcome } from "../protocol/outcome.ts";
import { refusalError } from "../sdk/errors.ts";
import { encodeLogValues } from "../sdk/log.ts";
import type {
  BlobTransfer,
  CallAnswer,
  ExecutionContext,
  ExecutionRuntime,
  LogLevel,
  SubmitRequest,
} from "../sdk/runtime.ts";
import { fitArguments } from "./argument-size.ts";
import type { LogBook } from "./log-book.ts";

export type Answer = Extract<ExecutorCommand, { readonly kind: "submitted" | "refused" | "answer" | "done" }>;

/** What all executions of an executor share. */
export interface RuntimeSurroundings {
  readonly project: string;
  readonly environment: string;
  readonly temporaryDirectory: string;
  readonly timers: Timers;
  readonly endOfTurn: (run: () => void) => void;
  readonly blobs: BlobTransfer;
  readonly logBook: LogBook;
  readonly send: (message: ExecutorMessage) => void;
}

type Granted = Exclude<Answer, { readonly kind: "refused" }>;

/** A request without its answer. */
interface Pending {
  grant(answer: Granted): void;
  refuse(reason: Error): void;
}

/**
 * What a running execution can ask for. Its requests are numbered from 1, leave in the turn in which they are made, and wait here for their
 * answers. There is one for each execution, so it is cheap to make: what few executions need is made when they ask for it.
 */
export class RunningRuntime implements ExecutionRuntime, BlobTransfer {
  readonly #execution: string;
  readonly #target: string;
  readonly #surroundings: RuntimeSurroundings;
  readonly #pending = new Map<number, Pending>();
  /** Uploads and submissions that are under way. */
  readonly #unsettled = new Set<Promise<unknown>>();
  #lastRequest = 0;
  #hasRejected = false;
  #context: ExecutionContext | undefined;
  #controller: AbortController | undefined;
  #abortReason: Error | undefined;
  #directory: string | undefined;

  constructor(execution: string, target: string, surroundings: RuntimeSurroundings) {
    this.#execution = execution;
    this.#target = target;
    this.#surroundings = surroundings;
  }

  get context(): ExecutionContext {
    return (this.#context ??= this.#makeContext());
  }

  /** Uploads made through this are waited for by `settled`. */
  get blobs(): BlobTransfer {
    return this;
  }

  submit(request: SubmitRequest): Promise<string> {
    return this.#fitting(request, (fitting) => this.#settling(this.#submit(fitting, false, readSubmitted)));
  }

  call(request: SubmitRequest): Promise<CallAnswer> {
    return this.#fitting(request, (fitting) => this.#submit(fitting, true, readCall));
  }

  async result(execution: string): Promise<Outcome> {
    return endOf(execution, await this.#await(execution, false));
  }

  async poll(execution: string, timeoutMs: number): Promise<Outcome | null> {
    if (timeoutMs === 0) return await this.#await(execution, true);
    const outcome = this.#await(execution, false);
    const request = this.#lastRequest;
    let cancel: Cancel = () => undefined;
    const timeout = new Promise<null>((resolve) => {
      cancel = this.#surroundings.timers.after(timeoutMs, () => {
        if (this.#pending.delete(request)) this.#send({ kind: "unawait", request, caller: this.#execution });
        resolve(null);
      });
    });
    return await Promise.race([outcome, timeout]).finally(cancel);
  }

  cancel(executions: readonly string[]): Promise<void> {
    const request = this.#nextRequest();
    return this.#ask({ kind: "cancel", request, caller: this.#execution, executions }, () => undefined);
  }

  /** Nothing is done for it unless it rejects: process-guards.ts hears of that when nobody looks. */
  handOut(): void {}

  log(level: LogLevel, template: string, values: Readonly<Record<string, unknown>> | undefined): void {
    const encoded = values === undefined ? null : encodeLogValues(values);
    this.#surroundings.logBook.write(this.#execution, level, template, encoded);
  }

  get(key: string): Promise<Uint8Array> {
    return this.#surroundings.blobs.get(key);
  }

  put(bytes: Uint8Array): Promise<{ readonly key: string; readonly size: number }> {
    return this.#settling(this.#surroundings.blobs.put(bytes));
  }

  /** Hands in an answer; one that nobody waits for any more is dropped. */
  take(answer: Answer): void {
    const waiting = this.#pending.get(answer.request);
    if (waiting === undefined) return;
    this.#pending.delete(answer.request);
    this.#hasRejected ||= isBadNews(answer);
    if (answer.kind === "refused") waiting.refuse(refusalError(answer.code, answer.message));
    else waiting.grant(answer);
  }

  /** Aborts the signal; what is asked for, now or later, rejects with the reason. */
  abort(reason: Error): void {
    if (this.#abortReason !== undefined) return;
    this.#abortReason = reason;
    this.#hasRejected = true;
    this.#controller?.abort(reason);
    for (const waiting of this.#pending.values()) waiting.refuse(reason);
    this.#pending.clear();
  }

  /** Whether something was asked for that the end of the execution must not overtake. */
  get isUnsettled(): boolean {
    return this.#unsettled.size > 0;
  }

  /** Whether something that was asked for has rejected, and so perhaps a promise that nobody looks at. */
  get hasRejected(): boolean {
    return this.#hasRejected;
  }

  /** Waits until every submission and every upload has its answer. */
  async settled(): Promise<void> {
    while (this.isUnsettled) {
      await Promise.allSettled(this.#unsettled);
      // What waited for it has gone on by then, and may have asked for more.
      await new Promise<void>(this.#surroundings.endOfTurn);
    }
  }

  /** Removes what the execution left behind. What cannot be removed now goes with the agent's directory, in which it lies. */
  dispose(): void {
    if (this.#directory === undefined) return;
    rm(this.#directory, { recursive: true, force: true }).catch(() => undefined);
  }

  #makeContext(): ExecutionContext {
    const parts = parseExecutionId(this.#execution);
    if (parts === undefined) throw new Error(`${this.#execution} is no execution id`);
    const { run, step, attempt } = parts;
    const { project, environment } = this.#surroundings;
    const signal = (): AbortSignal => this.#signal();
    const directory = (): string => this.#ownDirectory();
    return {
      runId: run,
      stepId: `${run}:${step}`,
      executionId: this.#execution,
      attempt,
      target: this.#target,
      project,
      environment,
      get signal() {
        return signal();
      },
      get directory() {
        return directory();
      },
    };
  }

  #signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  #ownDirectory(): string {
    return (this.#directory ??= mkdtempSync(join(this.#surroundings.temporaryDirectory, "execution-")));
  }

  #submit<T>({ target, arguments: values, options }: SubmitRequest, isAwaited: boolean, read: (answer: Granted) => T) {
    const request = this.#nextRequest();
    const caller = this.#execution;
    return this.#ask<T>({ kind: "submit", request, caller, target, arguments: values, options, isAwaited }, read);
  }

  #await(execution: string, isPeek: boolean): Promise<Outcome | null> {
    const request = this.#nextRequest();
    return this.#ask({ kind: "await", request, caller: this.#execution, execution, isPeek }, readOutcome);
  }

  #nextRequest(): number {
    this.#lastRequest += 1;
    return this.#lastRequest;
  }

  /** Sends a request; `read` takes what the promise resolves to from its answer. */
  #ask<T>(message: ExecutorMessage & { readonly request: number }, read: (answer: Granted) => T): Promise<T> {
    if (this.#abortReason !== undefined) return Promise.reject(this.#abortReason);
    return new Promise((resolve, refuse) => {
      this.#pending.set(message.request, { grant: (answer) => resolve(read(answer)), refuse });
      this.#send(message);
    });
  }

  /** With arguments that have to be uploaded first, a request leaves later. */
  #fitting<T>(request: SubmitRequest, run: (fitting: SubmitRequest) => Promise<T>): Promise<T> {
    const values = fitArguments(request.arguments, this);
    if (!(values instanceof Promise)) return run(request);
    return values.then((stored) => run({ ...request, arguments: stored }));
  }

  /** The end of the execution waits for it. */
  #settling<T>(promise: Promise<T>): Promise<T> {
    this.#unsettled.add(promise);
    const forget = (): void => void this.#unsettled.delete(promise);
    promise.then(forget, forget);
    return promise;
  }

  #send(message: ExecutorMessage): void {
    this.#surroundings.send(message);
  }
}

function isBadNews(answer: Answer): boolean {
  if (answer.kind === "answer") return answer.outcome !== null && answer.outcome.kind !== "succeeded";
  return answer.kind === "refused";
}

function readSubmitted(answer: Granted): string {
  return answer.kind === "submitted" ? answer.execution : unexpected(answer);
}

function readCall(answer: Granted): CallAnswer {
  if (answer.kind !== "answer") return unexpected(answer);
  return { execution: answer.execution, outcome: endOf(answer.execution, answer.outcome) };
}

function readOutcome(answer: Granted): Outcome | null {
  return answer.kind === "answer" ? answer.outcome : unexpected(answer);
}

function endOf(execution: string, outcome: Outcome | null): Outcome {
  if (outcome === null) throw new Error(`the server answered for ${execution} before its end`);
  return outcome;
}

function unexpected({ kind }: Granted): never {
  throw new Error(`the server gave an answer of another kind: ${kind}`);
}
