import { type Result, failure, ok } from "../base/result.ts";
import type { ErrorCode, Failure } from "../protocol/error-codes.ts";
import type { CommandKind, CommandResults } from "./command.ts";

/** How a command ended: accepted with its answer, or rejected with a code that tells the caller what to do. */
export type Outcome<K extends CommandKind = CommandKind> = Result<CommandResults[K], Failure>;

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
