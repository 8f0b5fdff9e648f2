import { type Failure, statusOf } from "../../protocol/error-codes.ts";
import { STATUS_CODES, type ServerResponse } from "node:http";
import { jsonHeaders } from "./replies.ts";

// How the gateway refuses, in the form of errors that docs/http-api.md states, however far a request has come: a Response of the API, an answer
// on Node's own response, or bytes on a socket that never became a request. What the headers say follows from the failure.

/** When a client who is told to come back has not been told when. */
const RETRY_AFTER_SECONDS = 1;

/** Refuses a request that the API has read. */
export function failureReply(failure: Failure): Response {
  const { status, headers, body } = refusalOf(failure);
  return new Response(body, { status, headers });
}

/** Refuses a request of Node's server that the API does not see, and closes its connection. */
export function refuseOnResponse(response: ServerResponse, failure: Failure): void {
  const { status, headers, body } = refusalOf(failure);
  response.writeHead(status, { ...headers, connection: "close" }).end(body);
}

/** Refuses what never became a request of Node's server, and closes its connection. */
export function refuseOnSocket(
  socket: { end(text: string, then: () => void): unknown; destroy(): unknown },
  failure: Failure,
): void {
  const { status, headers, body } = refusalOf(failure);
  const all = { ...headers, "content-length": Buffer.byteLength(body), connection: "close" };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`, ...lines].join("\r\n");
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}

/** The body of a failure. */
export function failureJson({ code, message, details }: Failure): string {
  return JSON.stringify({ error: { code, message, ...(details === undefined ? {} : { details }) } });
}

export function stopping(): Failure {
  return { code: "shutting_down", message: "the server is stopping", details: { retryAfterMs: 2_000 } };
}

export function tooManyConnections(): Failure {
  const message = "the server has as many connections as it takes";
  return { code: "too_many_connections", message, details: { retryAfterMs: 5_000 } };
}

export function malformed(message: string): Failure {
  return { code: "invalid_request", message };
}

/** A bug of ours: the log has the rest. */
export function failedByBug(): Failure {
  return { code: "internal", message: "the server failed; its log says more" };
}

interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function refusalOf(failure: Failure): Refusal {
  const status = statusOf(failure.code);
  return { status, headers: { ...jsonHeaders, ...headersOf(status, failure.details) }, body: failureJson(failure) };
}

/** Beside the body: what HTTP says in headers of some statuses. */
function headersOf(status: number, details: Failure["details"]): Readonly<Record<string, string>> {
  if (status === 405 && Array.isArray(details?.["allow"])) return { allow: details["allow"].join(", ") };
  if (status !== 503) return {};
  const retryAfterMs = details?.["retryAfterMs"];
  const seconds = typeof retryAfterMs === "number" ? Math.ceil(retryAfterMs / 1_000) : RETRY_AFTER_SECONDS;
  return { "retry-after": String(Math.max(1, seconds)) };
}
