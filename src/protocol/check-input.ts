import type * as z from "zod";
import { type Failure, isErrorCode } from "./error-codes.ts";
import { invalidField } from "./failures.ts";
import { type Result, failure, ok } from "../base/result.ts";

/** Checks what came from outside by a schema. A failure names the first field that is wrong, as a programmer would write it: `retries.limit`. */
export function checkInput<T>(schema: z.ZodType<T>, input: unknown): Result<T, Failure> {
  const parsed = schema.safeParse(input, { error: describeProblem });
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  if (issue === undefined) return failure({ code: "invalid_request", message: "the request is not valid" });
  return failure(describeIssue(issue));
}

/** A schema may name a code of its own for a refinement, in its `params`. */
function describeIssue(issue: z.core.$ZodIssue): Failure {
  if (issue.code === "unrecognized_keys")
    return refusal([...issue.path, issue.keys[0] ?? ""], "is not a field of this request");
  const code: unknown = issue.code === "custom" ? issue.params?.code : undefined;
  const refused = refusal(issue.path, issue.message);
  return typeof code === "string" && isErrorCode(code) ? { ...refused, code } : refused;
}

function refusal(path: readonly PropertyKey[], problem: string): Failure {
  return invalidField(path.length === 0 ? "the body" : formatField(path), problem);
}

function formatField(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === "number" ? `[${key}]` : `${index === 0 ? "" : "."}${String(key)}`))
    .join("");
}

const kinds: Readonly<Record<string, string>> = {
  object: "an object",
  array: "a list",
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

/** What a schema does not say in words of its own. */
function describeProblem(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "is missing" : `${kinds[issue.expected] ?? issue.expected} is expected`;
    case "invalid_value":
      return `one of ${issue.values.map(String).join(", ")} is expected`;
    case "too_small":
      return `at least ${countOf(issue.origin, issue.minimum)} expected`;
    case "too_big":
      return `at most ${countOf(issue.origin, issue.maximum)} expected`;
    default:
      return undefined;
  }
}

function countOf(origin: string, count: number | bigint): string {
  if (origin === "string") return count === 1 ? "1 character is" : `${count} characters are`;
  if (origin === "array") return count === 1 ? "1 entry is" : `${count} entries are`;
  return `${count} is`;
}
