import type { Timers } from "../base/clock.ts";
import type { ExecutorCommand } from "../protocol/executor-messages.ts";
import type { Frame, Outcome } from "../protocol/outcome.ts";
import { SerializationError } from "../protocol/value-format/serialization-error.ts";
import { encodeError } from "../protocol/value-format/wire-error.ts";
import type { Reference } from "../protocol/values.ts";
import { runInExecution } from "../sdk/context.ts";
import {
  ExecutionCancelled,
  ExecutionTimeout,
  type RetryDirective,
  failedExecution,
  retryDirective,
} from "../sdk/errors.ts";
import { decodeArguments, encodeResult } from "../sdk/execution.ts";
import type { TargetDeclaration } from "../sdk/target.ts";
import { handleStateOf } from "../sdk/transfer.ts";
import { type OutputStream, type PrintedText, createPrintedText } from "./capture.ts";
import { type Answer, type RuntimeOptions, createRuntime } from "./execution-runtime.ts";
import { withinMessage } from "./outcome-size.ts";

// One execution, from its arguments to its outcome.
//
//   running --settles--> ended: outcome, its code has stopped
//      |--timeout, an exception in a callback--> decided: outcome at once, its code has not stopped --settles--> stopped
//      |--aborted: the server has decided----------------------------------------------------------settles--> stopped

export type ExecuteCommand = Extract<ExecutorCommand, { readonly kind: "execute" }>;
export type AbortReason = Extract<ExecutorCommand, { readonly kind: "abort" }>["reason"];

export interface ExecutionSurroundings extends Omit<RuntimeOptions, "execution" | "target"> {
  readonly timers: Timers;
  readonly framesOf: (stack: string) => readonly Frame[];
  /** Sends what was said so far, before code runs that may block. */
  readonly flush: () => void;
}

export interface RunningExecution {
  /** Runs it to its end; resolves when its code has stopped and all is said. Called once. */
  run(): Promise<void>;
  take(answer: Answer): void;
  /** Its outcome is decided elsewhere: ask its code to stop. */
  abort(reason: AbortReason): void;
  /** Something that its code started threw where nobody could catch it: it fails. */
  threw(error: unknown): void;
  /** Something that its code started was rejected, and nobody looked: it is logged. */
  rejected(reason: unknown): void;
  printed(stream: OutputStream): PrintedText;
}

/** Leaves retries to the policy of the target. */
const byPolicy: RetryDirective = { mayRetry: true, retryAfterMs: null };

export function createExecution(
  command: ExecuteCommand,
  declaration: TargetDeclaration | undefined,
  surroundings: ExecutionSurroundings,
): RunningExecution {
  const { execution, target, timeoutMs } = command;
  const { send, logBook, timers } = surroundings;
  const runtime = createRuntime({ ...surroundings, execution, target });
  let isDecided = false;
  let cancelTimeout = (): void => undefined;

  const printed: Record<OutputStream, PrintedText> = {
    stdout: createPrintedText((text) => logBook.write(execution, "stdout", text, null)),
    stderr: createPrintedText((text) => logBook.write(execution, "stderr", text, null)),
  };

  const report = (outcome: Outcome, { mayRetry, retryAfterMs }: RetryDirective, hasStopped: boolean): void => {
    isDecided = true;
    cancelTimeout();
    send({ kind: "outcome", execution, outcome: withinMessage(outcome), mayRetry, retryAfterMs, hasStopped });
  };

  const failureOf = (thrown: unknown): Outcome => ({
    kind: "failed",
    error: encodeError(thrown, { frames: surroundings.framesOf, reference: referenceOf }),
  });

  const directiveFor = (thrown: unknown): RetryDirective => {
    const directive = retryDirective(thrown);
    if (!directive.mayRetry || declaration?.retriesWhen === null || declaration === undefined) return directive;
    try {
      return { ...directive, mayRetry: declaration.retriesWhen(thrown) };
    } catch (error) {
      runtime.log("error", "retries.when of {target} threw, so there is no retry: {error}", {
        target,
        error: String(error),
      });
      return { ...directive, mayRetry: false };
    }
  };

  const timeOut = (): void => {
    if (isDecided) return;
    report({ kind: "timed_out" }, byPolicy, false);
    runtime.abort(new ExecutionTimeout(failedExecution(execution, target)));
  };

  /** Calls the function, with its time running. */
  const callFunction = async ({ fn }: TargetDeclaration): Promise<unknown> => {
    const decoded = decodeArguments(command.arguments, runtime.blobs);
    const parameters = decoded instanceof Promise ? await decoded : decoded;
    if (timeoutMs !== null) {
      send({ kind: "started", execution });
      surroundings.flush();
      cancelTimeout = timers.after(timeoutMs, timeOut);
    }
    return await Reflect.apply(fn, undefined, parameters);
  };

  /** What becomes of the execution if nothing else decides it first. */
  const outcomeOf = async (): Promise<[Outcome, RetryDirective]> => {
    let result: unknown;
    try {
      if (declaration === undefined) throw new Error(`${target} is not in the repositories that this agent has loaded`);
      result = await callFunction(declaration);
    } catch (error) {
      return [failureOf(error), directiveFor(error)];
    }
    try {
      return [{ kind: "succeeded", value: await encodeResult(result, runtime.blobs) }, byPolicy];
    } catch (error) {
      const isHopeless = error instanceof SerializationError; // Another attempt would do its work again for nothing.
      return [failureOf(error), { mayRetry: !isHopeless, retryAfterMs: null }];
    }
  };

  return {
    async run() {
      const [outcome, directive] = await runInExecution(runtime, outcomeOf);
      if (!isDecided) await runtime.settled();
      for (const text of Object.values(printed)) text.end();
      logBook.end(execution);
      if (isDecided) send({ kind: "stopped", execution });
      else report(outcome, directive, true);
      await runtime.dispose();
    },
    take: runtime.take,
    abort(reason) {
      isDecided = true;
      cancelTimeout();
      runtime.abort(abortError(reason, execution, target));
    },
    threw(error) {
      if (isDecided) return runtime.log("error", "uncaught: {error}", { error: describe(error) });
      report(failureOf(error), directiveFor(error), false);
      runtime.abort(error instanceof Error ? error : new Error(describe(error)));
    },
    rejected: (reason) => runtime.log("error", "unhandled rejection: {reason}", { reason: describe(reason) }),
    printed: (stream) => printed[stream],
  };
}

function abortError(reason: AbortReason, execution: string, target: string): Error {
  const failed = failedExecution(execution, target);
  return reason === "timed_out" ? new ExecutionTimeout(failed) : new ExecutionCancelled(failed);
}

function referenceOf(candidate: object): Reference | undefined {
  const state = handleStateOf(candidate);
  return state?.knownId === undefined ? undefined : { kind: "execution", id: state.knownId, target: state.target };
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? String(thrown)) : String(thrown);
}
