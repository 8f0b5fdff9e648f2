import type { Failure } from "./error-codes.ts";

// Failures that are told in more than one place, each in one way: what it is about, the reason, the way out.

/** A field of a request, as its sender would write it (`retries.limit`), is not what it must be. */
export function invalidField(field: string, problem: string): Failure {
  return { code: "invalid_request", message: `${field}: ${problem}`, details: { field } };
}
