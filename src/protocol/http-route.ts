import type * as z from "zod";
import type { ErrorCode } from "./error-codes.ts";

// What is said of every route of the HTTP API (http-api.ts), and what all of them share.

/** What a route takes beside its path, and what it answers. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** `:name` is one percent-encoded segment; which names there are: `pathParameters`. GET answers HEAD too. */
  readonly path: string;
  readonly summary: string;
  /** Default: no query is taken. */
  readonly query?: z.ZodObject;
  /** A JSON body is checked by this schema. Default: no body is read. */
  readonly body?: z.ZodType;
  /** Of the answer when all went well. */
  readonly status: number;
  /** What this route can be refused with beside `commonErrors` and, with a body, `bodyErrors`. */
  readonly errors?: readonly ErrorCode[];
}

/** What stands for each name in a path, and what the client hears when there is none. */
export const pathParameters = {
  project: "project_not_found",
  environment: "environment_not_found",
  run: "run_not_found",
  step: "step_not_found",
  execution: "execution_not_found",
  session: "session_not_found",
  key: "blob_not_found",
} as const satisfies Readonly<Record<string, ErrorCode>>;

export type PathParameter = keyof typeof pathParameters;

/** What every route can be refused with. */
export const commonErrors = [
  "invalid_request",
  "forbidden_host",
  "forbidden_origin",
  "not_found",
  "method_not_allowed",
  "too_many_connections",
  "shutting_down",
  "internal",
] as const satisfies readonly ErrorCode[];

/** What every route with a JSON body can be refused with. */
export const bodyErrors = [
  "invalid_json",
  "too_deep",
  "body_too_large",
  "unsupported_media_type",
] as const satisfies readonly ErrorCode[];
