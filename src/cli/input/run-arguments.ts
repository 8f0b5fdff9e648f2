import { type Result, failure, ok } from "../../base/result.ts";
import { errorText } from "../../base/error-text.ts";
import { usageError } from "../command-error.ts";

/**
 * The value of one word of the command line: JSON, or else the word itself as a string. Fails on numbers that a JavaScript number cannot hold: an
 * id must not lose digits without a word.
 */
export function parseArgument(word: string): Result<unknown, string> {
  let value: unknown;
  try {
    value = JSON.parse(word);
  } catch {
    return ok(word);
  }
  const problem = findInexactNumber(word);
  return problem === undefined ? ok(value) : failure(problem);
}

/** Whether a word that became a string looks as if it had been meant as JSON. */
export function isLikelyBrokenJson(word: string, value: unknown): boolean {
  return value === word && /^\s*[{["]/.test(word); // No JSON text is the string that it stands for.
}

/** The members of `--params`: a JSON object. */
export function parseParams(text: string, origin: string): Result<Readonly<Record<string, unknown>>, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return failure(`${origin} is not valid JSON: ${errorText(error)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return failure(`${origin} is no JSON object`);
  const problem = findInexactNumber(text);
  return problem === undefined ? ok({ ...value }) : failure(`${origin}: ${problem}`);
}

/** Of a valid JSON text: its strings, so that digits in them do not count, and its numbers. */
const stringsAndNumbers = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** What is wrong with the first number of a JSON text that would not be the same as a JavaScript number. */
function findInexactNumber(json: string): string | undefined {
  for (const [token] of json.matchAll(stringsAndNumbers)) {
    if (token.startsWith('"')) continue;
    const asText = `as a string it is '"${token}"'`;
    if (!Number.isFinite(Number(token))) return `${token} is larger than any number; ${asText}`;
    if (!/^-?\d+$/.test(token) || Number.isSafeInteger(Number(token))) continue;
    return `${token} is larger than a number can be exact; ${asText}, as a bigint '{"$":"bigint","v":"${token}"}'`;
  }
  return undefined;
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
