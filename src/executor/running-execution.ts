import type { Cancel } from "../base/clock.ts";
import { errorStack } from "../base/error-text.ts";
import type { ExecutorCommand } from "../protocol/executor-messages.ts";
import type { Frame, Outcome } from "../protocol/outcome.ts";
import { SerializationError } from "../protocol/value-format/serialization-error.ts";
import { encodeError } from "../protocol/value-format/wire-error.ts";
import type { Reference, Value } from "../protocol/values.ts";
import { raisedAt } from "../sdk/call-site.ts";
import { runInExecution } from "../sdk/context.ts";
import {
  ExecutionCancelled,
  ExecutionError,
  ExecutionTimeout,
  RequestRefused,
  type RetryDirective,
  UnknownTargetError,
  failedExecution,
  retryDirective,
} from "../sdk/errors.ts";
import { decodeArguments, encodeResult } from "../sdk/execution.ts";
import type { TargetDeclaration } from "../sdk/target.ts";
import { type Awaitable, handleStateOf } from "../sdk/transfer.ts";
import { type OutputStream, type PrintedText, createPrintedText } from "./capture.ts";
import type { LastWords } from "./last-words.ts";
import { withinMessage } from "./outcome-size.ts";
import { type Answer, RunningRuntime, type RuntimeSurroundings } from "./running-runtime.ts";

export type ExecuteCommand = Extract<ExecutorCommand, { readonly kind: "execute" }>;
type AbortReason = Extract<ExecutorCommand, { readonly kind: "abort" }>["reason"];

export interface ExecutionSurroundings extends RuntimeSurroundings {
  readonly framesOf: (stack: string) => readonly Frame[];
  readonly lastWords: LastWords;
  /** Sends what was said so far, before code runs that may block. */
  readonly flush: () => void;
}

/** Leaves retries to the policy of the target. */
const byPolicy: RetryDirective = { mayRetry: true, retryAfterMs: null };

/**
 * One execution, from its arguments to its outcome.
 *
 *     running --settles--> ended: outcome, its code has stopped
 *        |--timeout, an exception in a callback--> decided: outcome at once, its code has not stopped --settles--> stopped
 *        |--aborted: the server has decided----------------------------------------------------------settles--> stopped
 */
export class RunningExecution {
  readonly #command: ExecuteCommand;
  readonly #declaration: TargetDeclaration | undefined;
  readonly #surroundings: ExecutionSurroundings;
  readonly #runtime: RunningRuntime;
  readonly #printed = new Map<OutputStream, PrintedText>();
  /** Promises of calls that failed, and that nobody has looked at so far, with what they failed with. */
  readonly #unread = new Map<Promise<unknown>, Error>();
  #isDecided = false;
  #cancelTimeout: Cancel | undefined;

  /** Without a declaration (the target is not loaded here) it fails. */
  constructor(
    command: ExecuteCommand,
    declaration: TargetDeclaration | undefined,
    surroundings: ExecutionSurroundings,
  ) {
    this.#command = command;
    this.#declaration = declaration;
    this.#surroundings = surroundings;
    this.#runtime = new RunningRuntime(command.execution, command.target, surroundings);
  }

  /** Runs it; resolves when its code has stopped and all is said. Called once. */
  async run(): Promise<void> {
    const [outcome, directive] = await runInExecution(this.#runtime, () => this.#outcome());
    if (this.#runtime.isUnsettled && !this.#isDecided) await this.#runtime.settled();
    await this.#tellUnread();
    for (const text of this.#printed.values()) text.end();
    const { execution } = this.#command;
    this.#surroundings.logBook.end(execution);
    if (this.#isDecided) this.#surroundings.send({ kind: "stopped", execution });
    else this.#report(outcome, directive, true);
    this.#runtime.dispose();
  }

  take(answer: Answer): void {
    this.#runtime.take(answer);
  }

  /** Its outcome is decided elsewhere: asks its code to stop. */
  abort(reason: AbortReason): void {
    this.#isDecided = true;
    this.#cancelTimeout?.();
    const failed = failedExecution(this.#command.execution, this.#command.target);
    this.#runtime.abort(reason === "timed_out" ? new ExecutionTimeout(failed) : new ExecutionCancelled(failed));
  }

  /** Something that its code started threw where nobody could catch it: it fails. */
  threw(error: unknown): void {
    if (this.#isDecided) return this.#runtime.log("error", "uncaught: {error}", { error: errorStack(error) });
    this.#report(this.#failure(error), this.#directive(error), false);
    this.#runtime.abort(error instanceof Error ? error : new Error(errorStack(error)));
  }

  /** An unhandled rejection: logged at once, but that of a call only at the end, as its code may still await it. */
  rejected(reason: unknown, promise: Promise<unknown>): void {
    if (isFailureOfCall(reason)) this.#unread.set(promise, reason);
    else this.#runtime.log("error", "unhandled rejection: {reason}", { reason: errorStack(reason) });
  }

  /** Somebody has looked after all. */
  handled(promise: Promise<unknown>): void {
    this.#unread.delete(promise);
  }

  /** What it prints. */
  printed(stream: OutputStream): PrintedText {
    const { logBook, lastWords } = this.#surroundings;
    const { execution } = this.#command;
    const write = (line: string): void => {
      logBook.write(execution, stream, line, null);
      if (stream === "stderr") lastWords.note(line);
    };
    const text = this.#printed.get(stream) ?? createPrintedText(write);
    this.#printed.set(stream, text);
    return text;
  }

  /** A call that failed without anybody knowing is nearly always a forgotten `await`. */
  async #tellUnread(): Promise<void> {
    if (!this.#runtime.hasRejected) return;
    await new Promise<void>(this.#surroundings.endOfTurn); // Only then does Node say which rejections nobody looked at.
    if (this.#isDecided) return; // It was stopped: whatever it waited for was rejected.
    for (const error of this.#unread.values()) {
      this.#runtime.log("warn", "result never read: {error}", { error: summarize(error) });
    }
  }

  /** What becomes of it if nothing else decides that first. */
  async #outcome(): Promise<[Outcome, RetryDirective]> {
    let result: unknown;
    try {
      result = await this.#callFunction();
    } catch (error) {
      return [this.#failure(error), this.#directive(error)];
    }
    try {
      return [{ kind: "succeeded", value: await encodeResult(result, this.#runtime) }, byPolicy];
    } catch (error) {
      const isHopeless = error instanceof SerializationError; // Another attempt would do its work again for nothing.
      return [this.#failure(this.#raisedHere(error)), { mayRetry: !isHopeless, retryAfterMs: null }];
    }
  }

  /** Calls the function, with its time running. What it returns may be a promise. */
  #callFunction(): unknown {
    const { target, arguments: values } = this.#command;
    const declaration = this.#declaration;
    if (declaration === undefined) throw new Error(`${target} is not in the repositories that this agent has loaded`);
    const decoded = this.#decodeArguments(values);
    if (!(decoded instanceof Promise)) return this.#applyTo(declaration, decoded);
    return decoded.then((parameters) => this.#applyTo(declaration, parameters));
  }

  #decodeArguments(values: readonly Value[]): Awaitable<readonly unknown[]> {
    const raise = (error: unknown): never => {
      throw this.#raisedHere(error);
    };
    try {
      const decoded = decodeArguments(values, this.#runtime);
      return decoded instanceof Promise ? decoded.catch(raise) : decoded;
    } catch (error) {
      return raise(error);
    }
  }

  /** An error about what goes into the function or comes out of it: it shows where that is defined. */
  #raisedHere(error: unknown): unknown {
    return this.#declaration === undefined ? error : raisedAt(error, this.#declaration.site, this.#runtime);
  }

  #applyTo({ fn }: TargetDeclaration, parameters: readonly unknown[]): unknown {
    const { execution, timeoutMs } = this.#command;
    if (timeoutMs !== null) {
      this.#surroundings.send({ kind: "started", execution });
      this.#surroundings.flush();
      this.#cancelTimeout = this.#surroundings.timers.after(timeoutMs, () => this.#timeOut());
    }
    return Reflect.apply(fn, undefined, parameters);
  }

  #timeOut(): void {
    if (this.#isDecided) return;
    this.#report({ kind: "timed_out" }, byPolicy, false);
    this.#runtime.abort(new ExecutionTimeout(failedExecution(this.#command.execution, this.#command.target)));
  }

  #report(outcome: Outcome, { mayRetry, retryAfterMs }: RetryDirective, hasStopped: boolean): void {
    this.#isDecided = true;
    this.#cancelTimeout?.();
    const { execution } = this.#command;
    const fitting = withinMessage(outcome);
    this.#surroundings.send({ kind: "outcome", execution, outcome: fitting, mayRetry, retryAfterMs, hasStopped });
  }

  #failure(thrown: unknown): Outcome {
    const { framesOf } = this.#surroundings;
    return { kind: "failed", error: encodeError(thrown, { frames: framesOf, reference: referenceOf }) };
  }

  #directive(thrown: unknown): RetryDirective {
    const directive = retryDirective(thrown);
    const when = this.#declaration?.retriesWhen;
    if (!directive.mayRetry || when === null || when === undefined) return directive;
    try {
      return { ...directive, mayRetry: when(thrown) };
    } catch (error) {
      this.#runtime.log("error", "retries.when threw, so there is no retry: {error}", { error: errorStack(error) });
      return { ...directive, mayRetry: false };
    }
  }
}

function referenceOf(candidate: object): Reference | undefined {
  const state = handleStateOf(candidate);
  return state?.knownId === undefined ? undefined : { kind: "execution", id: state.knownId, target: state.target };
}

function isFailureOfCall(reason: unknown): reason is Error {
  return reason instanceof ExecutionError || reason instanceof RequestRefused || reason instanceof UnknownTargetError;
}

/** `flows/charge (Rk7mQx4pT:3:1) failed with CardDeclined: no funds`. */
function summarize(error: Error): string {
  if (!(error instanceof ExecutionError)) return `${error.name}: ${error.message}`;
  const { target, id } = error.execution;
  return `${target} (${id}) failed with ${error.type}: ${error.message}`;
}
