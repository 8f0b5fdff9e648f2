import type { Outcome, WireError } from "../protocol/outcome.ts";
import { addBrand } from "../protocol/value-format/brand.ts";
import { hide, isKnownErrorType } from "../protocol/value-format/error-classes.ts";
import { decodeError } from "../protocol/value-format/wire-error.ts";
import type { Reference } from "../protocol/values.ts";
import { type CallSite, joinStacks } from "./call-site.ts";
import {
  ExecutionAbandoned,
  ExecutionCancelled,
  ExecutionError,
  ExecutionTimeout,
  type FailedExecution,
  markFailed,
} from "./errors.ts";
import type { ExecutionRuntime } from "./runtime.ts";
import { type Awaitable, decodeTransferred } from "./transfer.ts";

export interface Ended {
  readonly outcome: Outcome;
  readonly execution: FailedExecution;
  readonly site: CallSite;
}

/** Turns the outcome of a called execution into what the caller gets: its value, or a throw. */
export function settle(
  { outcome, execution, site }: Ended,
  runtime: ExecutionRuntime,
  reference: (reference: Reference) => unknown,
): Awaitable<unknown> {
  switch (outcome.kind) {
    case "succeeded":
      return decodeTransferred(outcome.value, `result of ${execution.target}`, runtime.blobs, reference);
    case "failed":
      throw failure(outcome.error, execution, site, runtime, reference);
    case "abandoned":
      throw continued(new ExecutionAbandoned(execution, outcome.reason), site, runtime);
    case "cancelled":
      throw continued(new ExecutionCancelled(execution), site, runtime);
    case "timed_out":
      throw continued(new ExecutionTimeout(execution), site, runtime);
  }
}

/** The error of another execution: of its own class where that is known here, and always an ExecutionError. */
function failure(
  wire: WireError,
  execution: FailedExecution,
  site: CallSite,
  runtime: ExecutionRuntime,
  reference: (reference: Reference) => unknown,
): Error {
  const error = decodeError(wire, { reference });
  if (isKnownErrorType(wire.type)) addBrand(error, "ExecutionError");
  else Object.setPrototypeOf(error, ExecutionError.prototype);
  markFailed(error, wire.type, execution);
  hide(error, "stack", joinStacks(wire.stack, runtime.context, site));
  return error;
}

/** An error that has no stack from elsewhere shows where the call was made. */
function continued(error: ExecutionError, site: CallSite, runtime: ExecutionRuntime): ExecutionError {
  hide(error, "stack", joinStacks(`${error.name}: ${error.message}`, runtime.context, site));
  return error;
}
