import { exhaustive } from "../base/exhaustive.ts";
import type { Outcome } from "../protocol/outcome.ts";
import { addBrand } from "../protocol/value-format/brand.ts";
import { isKnownErrorType } from "../protocol/value-format/error-classes.ts";
import { decodeError } from "../protocol/value-format/wire-error.ts";
import type { Reference } from "../protocol/values.ts";
import {
  ExecutionAbandoned,
  ExecutionCancelled,
  ExecutionError,
  ExecutionTimeout,
  type FailedExecution,
  markFailed,
} from "./errors.ts";

export type FailedOutcome = Exclude<Outcome, { readonly kind: "succeeded" }>;

/** The ExecutionError with which a wait for an execution rejects that did not succeed. */
export function errorOf(
  outcome: FailedOutcome,
  execution: FailedExecution,
  reference: (reference: Reference) => unknown,
): Error {
  switch (outcome.kind) {
    case "failed": {
      const error = decodeError(outcome.error, { reference });
      // Of its own class where that is known here.
      if (isKnownErrorType(outcome.error.type)) addBrand(error, "ExecutionError");
      else Object.setPrototypeOf(error, ExecutionError.prototype);
      markFailed(error, outcome.error.type, execution);
      return error;
    }
    case "abandoned":
      return new ExecutionAbandoned(execution, outcome.reason);
    case "cancelled":
      return new ExecutionCancelled(execution);
    case "timed_out":
      return new ExecutionTimeout(execution);
    default:
      return exhaustive(outcome);
  }
}
