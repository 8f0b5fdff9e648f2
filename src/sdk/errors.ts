import { type Duration, parseDuration } from "../base/duration.ts";
import { parseExecutionId } from "../protocol/ids.ts";
import { brandClass } from "../protocol/value-format/brand.ts";
import { hide } from "../protocol/value-format/error-classes.ts";

export { SerializationError } from "../protocol/value-format/serialization-error.ts";

// Errors that user code catches, then the ones it throws. All are recognised by `instanceof` across copies of this package.

/** The execution that an error came from. */
export interface FailedExecution {
  /** `<run>:<number>:<attempt>`. */
  readonly id: string;
  readonly runId: string;
  /** `<run>:<number>`. */
  readonly stepId: string;
  readonly attempt: number;
  /** `<repository>/<name>`. */
  readonly target: string;
}

/**
 * A called target failed. When the class of its error is known in this process (a class of the language, or one that the repository
 * exports), the error is an instance of that class as well; otherwise `type` tells its name. `cause` is the cause it had, and `stack` shows
 * where it was thrown and, below, where it was called from.
 */
export class ExecutionError extends Error {
  /** The name of the class of the error that the target threw. */
  declare readonly type: string;
  declare readonly execution: FailedExecution;

  constructor(message: string, type: string, execution: FailedExecution, options?: ErrorOptions) {
    super(message, options);
    markFailed(this, type, execution);
  }
}
brandClass(ExecutionError, "ExecutionError");

/** A called execution was cancelled; also the reason of `context().signal` in one that is. */
export class ExecutionCancelled extends ExecutionError {
  constructor(execution: FailedExecution) {
    super(`${execution.target} (${execution.id}) was cancelled`, "ExecutionCancelled", execution);
  }
}
brandClass(ExecutionCancelled, "ExecutionCancelled");

/** The `timeout` of a called target passed, in its last attempt; also the reason of `context().signal` where it passes. */
export class ExecutionTimeout extends ExecutionError {
  constructor(execution: FailedExecution) {
    super(`${execution.target} (${execution.id}) took longer than its timeout`, "ExecutionTimeout", execution);
  }
}
brandClass(ExecutionTimeout, "ExecutionTimeout");

/** The process or agent that ran a called execution was lost; whether it did its work is unknown. */
export class ExecutionAbandoned extends ExecutionError {
  readonly reason: string;

  constructor(execution: FailedExecution, reason: string) {
    super(`${execution.target} (${execution.id}) was abandoned: ${reason}`, "ExecutionAbandoned", execution);
    this.reason = reason;
  }
}
brandClass(ExecutionAbandoned, "ExecutionAbandoned");

/** A wait ended before what it waited for; that goes on. */
export class WaitTimeout extends Error {
  override readonly name = "WaitTimeout";
}
brandClass(WaitTimeout, "WaitTimeout");

/** An input that was waited for was dismissed by a person. Here already for code that is to catch it; inputs themselves are not there yet. */
export class InputDismissed extends Error {
  override readonly name = "InputDismissed";
}
brandClass(InputDismissed, "InputDismissed");

/** Something that needs an execution was used outside of one. */
export class NotInRunError extends Error {
  override readonly name = "NotInRunError";

  constructor(action: string) {
    super(
      `${action} works only inside a workflow or task that an agent executes. From other programs start a workflow with ` +
        `createClient() of "coflux/client"; in a unit test call the bare function: target.fn(...args)`,
    );
  }
}
brandClass(NotInRunError, "NotInRunError");

/** A called target is not known to the environment, or not part of any repository. */
export class UnknownTargetError extends Error {
  override readonly name = "UnknownTargetError";
}
brandClass(UnknownTargetError, "UnknownTargetError");

/** The server refused a request; `code` is one of docs/protocol.md. */
export class RequestRefused extends Error {
  override readonly name: string = "RequestRefused";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
brandClass(RequestRefused, "RequestRefused");

/** The arguments of a call are not what the target takes: there are too many. `code` is `invalid_arguments`. */
export class ValidationError extends RequestRefused {
  override readonly name = "ValidationError";

  constructor(message: string) {
    super("invalid_arguments", message);
  }
}
brandClass(ValidationError, "ValidationError");

/** Thrown by a target: no retry can help, so none is spent. May be subclassed. */
export class NonRetryableError extends Error {
  override readonly name: string = "NonRetryableError";
}
brandClass(NonRetryableError, "NonRetryableError");

/** Thrown by a target: the next attempt, if its retries allow one, comes no sooner than after the given time. May be subclassed. */
export class RetryAfterError extends Error {
  override readonly name: string = "RetryAfterError";
  readonly delayMs: number;

  constructor(delay: Duration, message = "try again later", options?: ErrorOptions) {
    super(message, options);
    const parsed = parseDuration(delay);
    if (!parsed.ok) throw new TypeError(`RetryAfterError: ${parsed.error}`);
    this.delayMs = parsed.value;
  }
}
brandClass(RetryAfterError, "RetryAfterError");

/** Sets what every ExecutionError has, hidden: these are not properties of the error that the target threw, and stay behind when it is thrown on. */
export function markFailed(error: Error, type: string, execution: FailedExecution): void {
  hide(error, "name", type);
  hide(error, "type", type);
  hide(error, "execution", execution);
}

/** What a request of an execution rejects with when the server refused it. */
export function refusalError(code: string, message: string): Error {
  if (code === "target_not_found") return new UnknownTargetError(message);
  return code === "invalid_arguments" ? new ValidationError(message) : new RequestRefused(code, message);
}

export function failedExecution(id: string, target: string): FailedExecution {
  const parts = parseExecutionId(id);
  const stepId = parts === undefined ? id : `${parts.run}:${parts.step}`;
  return { id, runId: parts?.run ?? "", stepId, attempt: parts?.attempt ?? 0, target };
}

export interface RetryDirective {
  readonly mayRetry: boolean;
  /** The least delay, or null for what the retry policy says. */
  readonly retryAfterMs: number | null;
}

/** What a thrown thing says about retrying. One that came from a called target speaks of that target and not of its caller. */
export function retryDirective(thrown: unknown): RetryDirective {
  if (thrown instanceof ExecutionError) return { mayRetry: true, retryAfterMs: null };
  if (thrown instanceof NonRetryableError) return { mayRetry: false, retryAfterMs: null };
  return { mayRetry: true, retryAfterMs: thrown instanceof RetryAfterError ? thrown.delayMs : null };
}
