import type { Outcome, WireError } from "../../protocol/outcome.ts";
import type { ErrorView, ExecutionStatus, ResultView } from "../../protocol/views.ts";
import type { Value } from "../../protocol/values.ts";
import { exhaustive } from "../../base/exhaustive.ts";
import { valueToApi } from "../../protocol/value-format/api-form.ts";

/** In place of a value that the view has no room for, or whose text is no value. */
export function omittedValue(characters: number): unknown {
  return { $: "omitted", v: { characters } };
}

/** In place of a result that the view has no room for. */
export function omittedResult(status: ExecutionStatus, characters: number): ResultView | null {
  const sentence = `left out, because this run is too large to show in full (${characters} characters)`;
  switch (status) {
    case "succeeded":
      return { status, value: omittedValue(characters) };
    case "failed":
      return { status, error: { type: "Error", message: sentence, stack: "", frames: [] } };
    case "abandoned":
      return { status, reason: sentence };
    default:
      return null;
  }
}

/** A value in API form. */
export function showValue(value: Value): unknown {
  try {
    return valueToApi(value);
  } catch {
    return omittedValue(value.kind === "inline" ? value.data.length : 0); // An agent sent text that is no value, and nobody looked at it until now.
  }
}

/** An outcome as the API shows it; `retry` names the attempt that followed, if one did. */
export function showOutcome(outcome: Outcome, retry: string | null): ResultView {
  const followed = retry === null ? {} : { retry };
  switch (outcome.kind) {
    case "succeeded":
      return { status: "succeeded", value: showValue(outcome.value) };
    case "failed":
      return { status: "failed", error: showError(outcome.error), ...followed };
    case "abandoned":
      return { status: "abandoned", reason: outcome.reason, ...followed };
    case "timed_out":
      return { status: "timed_out", ...followed };
    case "cancelled":
      return { status: "cancelled" };
    default:
      return exhaustive(outcome);
  }
}

function showError({ type, message, stack, frames, value, cause, errors }: WireError): ErrorView {
  return {
    type,
    message,
    stack,
    frames,
    ...(value !== null && { value: showValue(value) }),
    ...(cause !== null && { cause: showError(cause) }),
    ...(errors !== null && { errors: errors.map(showError) }),
  };
}
