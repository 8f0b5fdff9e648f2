import { memberOf } from "../base/json.ts";
import type { WireError } from "../protocol/outcome.ts";
import { valueFromApi } from "../protocol/value-format/api-form.ts";
import { decodeValue } from "../protocol/value-format/decode.ts";
import { SerializationError } from "../protocol/value-format/serialization-error.ts";
import type { Reference, Value } from "../protocol/values.ts";
import type { ErrorView, RunResultView } from "../protocol/views.ts";
import { ApiError } from "./client-requests.ts";
import type { FailedOutcome } from "./outcome.ts";

type ResultOutcome =
  | { readonly kind: "pending" }
  | { readonly kind: "succeeded"; readonly value: unknown }
  | FailedOutcome;

/** Reads the answer to `GET …/result`. `fetchBlob` gives the text of a large value. References stay what they are: `{kind, id, …}`. */
export async function readOutcome(
  answer: unknown,
  fetchBlob: (key: string) => Promise<string>,
): Promise<ResultOutcome> {
  const result = answer as RunResultView; // The server is trusted to answer as its API says; what it does not know is refused below.
  switch (result.status) {
    case "pending":
      return { kind: "pending" };
    case "succeeded":
      return { kind: "succeeded", value: await readValue(result.value, fetchBlob) };
    case "failed":
      return { kind: "failed", error: wireError(result.error) };
    case "abandoned":
      return { kind: "abandoned", reason: result.reason };
    case "cancelled":
      return { kind: "cancelled" };
    case "timed_out":
      return { kind: "timed_out" };
    case "spawned": // Followed by the server; a run's result is that of what it became.
    default:
      throw new ApiError({
        code: "bad_answer",
        status: 200,
        message: `not the result of a run: ${JSON.stringify(answer)}`,
      });
  }
}

async function readValue(shown: unknown, fetchBlob: (key: string) => Promise<string>): Promise<unknown> {
  const blob = memberOf(shown, "$") === "blob" ? memberOf(shown, "v") : undefined;
  const key = memberOf(blob, "key");
  if (typeof key !== "string") return decodeValue(encodedOf(shown), hooks);
  const references = (memberOf(blob, "references") ?? []) as readonly Reference[]; // As valueToApi shows them.
  return decodeValue({ data: await fetchBlob(key), references }, hooks);
}

const hooks = { path: "result", reference: (reference: Reference) => reference };

function encodedOf(shown: unknown): { data: string; references: readonly Reference[] } {
  const encoded = valueFromApi(shown);
  if (encoded.ok) return encoded.value;
  throw new SerializationError("result", encoded.error.message);
}

function wireError({ type, message, stack, frames, value, cause, errors }: ErrorView): WireError {
  return {
    type,
    message,
    stack,
    frames,
    value: value === undefined ? null : inlineValue(value),
    cause: cause === undefined ? null : wireError(cause),
    errors: errors?.map(wireError) ?? null,
  };
}

function inlineValue(shown: unknown): Value | null {
  const encoded = valueFromApi(shown);
  return encoded.ok ? { kind: "inline", ...encoded.value } : null;
}
