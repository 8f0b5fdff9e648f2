import { isObject, memberOf, parseJson } from "../base/json.ts";
import { type Failure, isErrorCode } from "./error-codes.ts";

/** A failure as the other side tells it: the code may be of a later version than this one. */
export type ToldFailure = Omit<Failure, "code"> & { readonly code: string };

/** Reads `{code, message, details}`; undefined when it is no failure. */
export function readFailure(told: unknown): ToldFailure | undefined {
  const [code, message, details] = [memberOf(told, "code"), memberOf(told, "message"), memberOf(told, "details")];
  if (typeof code !== "string" || typeof message !== "string") return undefined;
  return isObject(details) ? { code, message, details } : { code, message };
}

/** Reads the body that the HTTP API refuses with, `{"error": {code, message, details}}`; undefined when it is none. */
export function readErrorBody(text: string): ToldFailure | undefined {
  return readFailure(memberOf(parseJson(text), "error"));
}

/** The failure under a code that this side knows: `internal` for any other. */
export function asFailure(told: ToldFailure): Failure {
  return { ...told, code: isErrorCode(told.code) ? told.code : "internal" };
}
