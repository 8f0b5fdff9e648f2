import { type Result, failure, ok } from "../../base/result.ts";
import { usageError } from "../command-error.ts";

/**
 * The value of one word of the command line: JSON, or else the word itself as a string. Fails on what was meant to be JSON and is not, and on a
 * whole number that a JavaScript number cannot hold: an id must not lose digits without a word.
 */
export function parseArgument(word: string): Result<unknown, string> {
  let value: unknown;
  try {
    value = JSON.parse(word);
  } catch (error) {
    if (!/^\s*[{["]/.test(word)) return ok(word);
    const reason = error instanceof Error ? error.message : String(error);
    return failure(`${word} is not valid JSON: ${reason}; as a string it is '${JSON.stringify(word)}'`);
  }
  if (typeof value !== "number" || Number.isSafeInteger(value) || !/^-?\d+$/.test(word.trim())) return ok(value);
  return failure(`${word} is larger than a number can be exact; as a string it is '"${word}"'`);
}

/** The members of `--params`: a JSON object. */
export function parseParams(text: string, origin: string): Result<Readonly<Record<string, unknown>>, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return failure(`${origin} is not valid JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return failure(`${origin} is no JSON object`);
  return ok({ ...value });
}

/** How long apart retries without an end are if `--backoff` does not say it. */
const unlimitedBackoffMs = [1_000, 60_000] as const;

/** `3`, or `unlimited`; with `--backoff` how long apart. */
export function retriesOf(
  limit: number | "unlimited" | undefined,
  backoff: readonly [number, number] | undefined,
): number | { limit: number | null; backoffMinMs: number; backoffMaxMs: number } | undefined {
  if (limit === undefined) {
    if (backoff === undefined) return undefined;
    throw usageError("--backoff says how long retries are apart; say with --retries how many there are");
  }
  if (backoff === undefined && limit !== "unlimited") return limit;
  const [backoffMinMs, backoffMaxMs] = backoff ?? unlimitedBackoffMs;
  return { limit: limit === "unlimited" ? null : limit, backoffMinMs, backoffMaxMs };
}
