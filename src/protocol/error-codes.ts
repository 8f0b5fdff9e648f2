// Every code that crosses a process border, with the HTTP status it has there and what the one who gets it can do. Codes never change their
// meaning. docs/protocol.md lists them; a test compares the two.

interface ErrorKind {
  readonly status: number;
  /** What the receiver can do about it. */
  readonly remedy: string;
}

export const errorKinds = {
  invalid_request: { status: 400, remedy: "correct the field that the message names" },
  invalid_json: { status: 400, remedy: "send a JSON body" },
  invalid_name: { status: 400, remedy: "choose a name by the rule in the message" },
  invalid_value: { status: 400, remedy: "send plain JSON, or the tagged form of docs/value-format.md" },
  invalid_arguments: { status: 400, remedy: "call the target as its manifest says (`coflux workflows show`)" },
  invalid_key: { status: 400, remedy: "a blob key is the SHA-256 of the bytes in 64 lower-case hex digits" },
  hash_mismatch: { status: 400, remedy: "send the bytes whose SHA-256 is the key" },
  not_a_workflow: { status: 400, remedy: "start a workflow; tasks are called by other targets" },
  forbidden_origin: { status: 403, remedy: "call the server from its own pages or from a program" },
  forbidden_host: { status: 403, remedy: "use the address the server was started with, or start it with --host" },
  not_found: { status: 404, remedy: "check the path" },
  project_not_found: { status: 404, remedy: "create it: `coflux projects create`" },
  environment_not_found: { status: 404, remedy: "create it: `coflux environments create`" },
  target_not_found: { status: 404, remedy: "start an agent that hosts it, or correct its name" },
  run_not_found: { status: 404, remedy: "check the id and the environment" },
  step_not_found: { status: 404, remedy: "check the id and the environment" },
  execution_not_found: { status: 404, remedy: "check the id and the environment" },
  session_not_found: { status: 404, remedy: "list the sessions: `coflux agents list`" },
  blob_not_found: { status: 404, remedy: "check the key and the environment" },
  topic_not_found: { status: 404, remedy: "subscribe to a topic that docs/http-api.md lists" },
  method_not_allowed: { status: 405, remedy: "use a method that the Allow header names" },
  project_exists: { status: 409, remedy: "choose another name, or use the one that is there" },
  environment_exists: { status: 409, remedy: "choose another name, or use the one that is there" },
  project_not_empty: { status: 409, remedy: "archive and delete its environments first" },
  environment_in_use: { status: 409, remedy: "archive the environments that are based on it first" },
  environment_archived: { status: 409, remedy: "use another environment; an archived one is only read" },
  environment_not_archived: { status: 409, remedy: "archive it first: `coflux environments archive`" },
  idempotency_mismatch: { status: 409, remedy: "use a new key for another target or other arguments" },
  body_too_large: { status: 413, remedy: "upload large values as blobs" },
  too_deep: { status: 400, remedy: "flatten the value; the limit is in the message" },
  unsupported_media_type: { status: 415, remedy: "send Content-Type: application/json" },
  too_many_connections: { status: 503, remedy: "try again later" },
  overloaded: { status: 503, remedy: "try again after the time in Retry-After" },
  environment_unavailable: {
    status: 503,
    remedy: "try again after the time in Retry-After; `coflux ps` says what is wrong",
  },
  outcome_unknown: { status: 503, remedy: "look whether it happened, or repeat it with an idempotency key" },
  storage_full: { status: 503, remedy: "free disk space; the environment goes on by itself" },
  shutting_down: { status: 503, remedy: "try again when the server is back" },
  protocol_mismatch: { status: 400, remedy: "run the same version of agent and server" },
  session_unknown: { status: 404, remedy: "open a new session" },
  internal: { status: 500, remedy: "a bug: report it with the server's log" },
} as const satisfies Readonly<Record<string, ErrorKind>>;

export type ErrorCode = keyof typeof errorKinds;

/** An expected failure on its way to whoever asked. */
export interface Failure {
  readonly code: ErrorCode;
  /** Names the thing, the reason and the way out, in one or two sentences. */
  readonly message: string;
  /** Facts for programs: the field, the limit, the ids. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorKinds, text);
}

export function statusOf(code: ErrorCode): number {
  return errorKinds[code].status;
}
