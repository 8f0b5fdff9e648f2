import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Timers } from "../base/clock.ts";
import type { ExecutorCommand, ExecutorMessage } from "../protocol/executor-messages.ts";
import { parseExecutionId } from "../protocol/ids.ts";
import type { Outcome } from "../protocol/outcome.ts";
import { refusalError } from "../sdk/errors.ts";
import { encodeLogValues } from "../sdk/log.ts";
import type { BlobTransfer, CallAnswer, ExecutionContext, ExecutionRuntime, SubmitRequest } from "../sdk/runtime.ts";
import { fitArguments } from "./argument-size.ts";
import type { LogBook } from "./log-book.ts";

// What a running execution can ask for: its requests are numbered from 1, leave in the turn in which they are made, and wait here for their
// answers.

export type Answer = Extract<ExecutorCommand, { readonly kind: "submitted" | "refused" | "answer" | "done" }>;

export interface RuntimeOptions {
  readonly execution: string;
  readonly target: string;
  readonly project: string;
  readonly environment: string;
  readonly temporaryDirectory: string;
  readonly timers: Timers;
  readonly endOfTurn: (run: () => void) => void;
  readonly blobs: BlobTransfer;
  readonly logBook: LogBook;
  readonly send: (message: ExecutorMessage) => void;
}

export interface RunningRuntime extends ExecutionRuntime {
  readonly take: (answer: Answer) => void;
  /** Aborts the signal; what is asked for, now or later, rejects with the reason. */
  abort(reason: Error): void;
  /** Waits until every submission and upload has been answered: what was asked for before the end must not be overtaken by it. */
  settled(): Promise<void>;
  /** Removes what it left behind. */
  dispose(): Promise<void>;
}

type Granted = Exclude<Answer, { readonly kind: "refused" }>;

interface Pending {
  readonly resolve: (answer: Granted) => void;
  readonly reject: (error: Error) => void;
}

export function createRuntime(options: RuntimeOptions): RunningRuntime {
  const { execution: caller, send, timers } = options;
  const pending = new Map<number, Pending>();
  /** Uploads and submissions that are under way. */
  const unsettled = new Set<Promise<unknown>>();
  let controller: AbortController | undefined;
  let abortReason: Error | undefined;
  let directory: string | undefined;
  let lastRequest = 0;

  /** Sends the request with the next number; `read` takes what the promise resolves to from its answer. */
  const ask = <T>(make: (request: number) => ExecutorMessage, read: (answer: Granted) => T): Promise<T> => {
    lastRequest += 1;
    const request = lastRequest;
    const answered = new Promise<Granted>((resolve, reject) => {
      if (abortReason !== undefined) return reject(abortReason);
      pending.set(request, { resolve, reject });
      send(make(request));
    });
    const promise = answered.then(read);
    promise.catch(ignore); // Nobody has to wait for it.
    return promise;
  };

  const submit = (request: SubmitRequest, isAwaited: boolean) => (number: number) =>
    ({
      kind: "submit",
      request: number,
      caller,
      target: request.target,
      arguments: request.arguments,
      options: request.options,
      isAwaited,
    }) as const;

  const awaitOutcome = (execution: string, isPeek: boolean): Promise<Outcome | null> =>
    ask((request) => ({ kind: "await", request, caller, execution, isPeek }), readOutcome);

  /** The end of the execution waits for it. */
  const settling = <T>(promise: Promise<T>): Promise<T> => {
    unsettled.add(promise);
    const forget = (): void => void unsettled.delete(promise);
    promise.then(forget, forget);
    return promise;
  };

  const blobs: BlobTransfer = {
    get: (key) => options.blobs.get(key),
    put: (bytes) => settling(options.blobs.put(bytes)),
  };

  /** With arguments that have to be uploaded first, a request leaves later. */
  const fitting = <T>(request: SubmitRequest, run: (fitting: SubmitRequest) => Promise<T>): Promise<T> => {
    const values = fitArguments(request.arguments, blobs);
    if (!(values instanceof Promise)) return run(request);
    return values.then((stored) => run({ ...request, arguments: stored }));
  };

  return {
    context: contextOf(options, {
      signal: () => {
        controller ??= new AbortController();
        if (abortReason !== undefined && !controller.signal.aborted) controller.abort(abortReason);
        return controller.signal;
      },
      directory: () => (directory ??= mkdtempSync(join(options.temporaryDirectory, "execution-"))),
    }),
    submit: (asked) => fitting(asked, (request) => settling(ask(submit(request, false), readSubmitted))),
    call: (asked) => fitting(asked, (request) => ask(submit(request, true), readCall)),
    async result(execution) {
      return endOf(execution, await awaitOutcome(execution, false));
    },
    async poll(execution, timeoutMs) {
      if (timeoutMs === 0) return await awaitOutcome(execution, true);
      const request = lastRequest + 1;
      const outcome = awaitOutcome(execution, false);
      let cancel = ignore;
      const timeout = new Promise<null>((resolve) => {
        cancel = timers.after(timeoutMs, () => {
          if (pending.delete(request)) send({ kind: "unawait", request, caller });
          resolve(null);
        });
      });
      return await Promise.race([outcome, timeout]).finally(cancel);
    },
    cancel: (executions) => ask((request) => ({ kind: "cancel", request, caller, executions }), ignore),
    log(level, template, values) {
      options.logBook.write(caller, level, template, values === undefined ? null : encodeLogValues(values));
    },
    blobs,
    take(answer) {
      const waiting = pending.get(answer.request);
      if (waiting === undefined) return; // The wait was over.
      pending.delete(answer.request);
      if (answer.kind === "refused") waiting.reject(refusalError(answer.code, answer.message));
      else waiting.resolve(answer);
    },
    abort(reason) {
      if (abortReason !== undefined) return;
      abortReason = reason;
      controller?.abort(reason);
      for (const { reject } of pending.values()) reject(reason);
      pending.clear();
    },
    async settled() {
      while (unsettled.size > 0) {
        await Promise.allSettled(unsettled);
        await new Promise<void>(options.endOfTurn); // What waited for it has gone on by then, and may have asked for more.
      }
    },
    async dispose() {
      // What cannot be removed now goes with the agent's directory, in which it lies.
      if (directory !== undefined) await rm(directory, { recursive: true, force: true }).catch(ignore);
    },
  };
}

function contextOf(
  { execution, target, project, environment }: RuntimeOptions,
  lazy: { signal(): AbortSignal; directory(): string },
): ExecutionContext {
  const parts = parseExecutionId(execution);
  if (parts === undefined) throw new Error(`${execution} is no execution id`);
  const { run, step, attempt } = parts;
  return {
    runId: run,
    stepId: `${run}:${step}`,
    executionId: execution,
    attempt,
    target,
    project,
    environment,
    get signal() {
      return lazy.signal();
    },
    get directory() {
      return lazy.directory();
    },
  };
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

function ignore(): void {}
