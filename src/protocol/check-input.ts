import type * as z from "zod";
import { type Failure, isErrorCode } from "./error-codes.ts";
import { invalidField } from "./failures.ts";
import { type Result, failure, ok } from "../base/result.ts";

/** Checks what came from outside by a schema. A failure names the first field that is wrong, as a programmer would write it: `retries.limit`. */
export function checkInput<T>(schema: z.ZodType<T>, input: unknown): Result<T, Failure> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  if (issue === undefined) return failure({ code: "invalid_request", message: "The request is not valid." });
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
