import { type Result, failure, ok } from "../base/result.ts";
import type { ErrorCode, Failure } from "../protocol/error-codes.ts";
import type { CommandKind, CommandAnswers } from "./command.ts";

/** What came of a command: accepted with its answer, or rejected with a code that tells whoever asked what to do. */
export type Verdict<K extends CommandKind = CommandKind> = Result<CommandAnswers[K], Failure>;

export function accepted<T>(value: T): { readonly ok: true; readonly value: T } {
  return ok(value);
}

export function rejected(
  code: ErrorCode,
  message: string,
  details?: Readonly<Record<string, unknown>>,
): { readonly ok: false; readonly error: Failure } {
  return failure(details === undefined ? { code, message } : { code, message, details });
}
