import { type Failure, statusOf } from "../../protocol/error-codes.ts";
import { STATUS_CODES } from "node:http";

// How the API answers: JSON, with the form of errors that docs/http-api.md states.

const jsonHeaders = { "content-type": "application/json", "x-content-type-options": "nosniff" };

/** When a client who is told to come back has not been told when. */
const RETRY_AFTER_SECONDS = 1;

export function jsonReply(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: jsonHeaders });
}

/** JSON that was written elsewhere. */
export function writtenReply(status: number, json: Uint8Array<ArrayBuffer>): Response {
  return new Response(json, { status, headers: jsonHeaders });
}

export function emptyReply(status: number): Response {
  return new Response(null, { status });
}

export function failureReply(failure: Failure, headers?: Readonly<Record<string, string>>): Response {
  const status = statusOf(failure.code);
  return new Response(failureJson(failure), { status, headers: { ...failureHeaders(failure), ...headers } });
}

/** The body of a failure. */
export function failureJson({ code, message, details }: Failure): string {
  return JSON.stringify({ error: { code, message, ...(details === undefined ? {} : { details }) } });
}

export function failureHeaders(failure: Failure): Readonly<Record<string, string>> {
  if (statusOf(failure.code) !== 503) return jsonHeaders;
  const retryAfterMs = failure.details?.["retryAfterMs"];
  const seconds = typeof retryAfterMs === "number" ? Math.ceil(retryAfterMs / 1_000) : RETRY_AFTER_SECONDS;
  return { ...jsonHeaders, "retry-after": String(Math.max(1, seconds)) };
}

/** Answers what never became a request of Node's server, and closes its connection. */
export function refuseOnSocket(
  socket: { end(text: string, then: () => void): unknown; destroy(): unknown },
  refusal: Failure,
): void {
  const status = statusOf(refusal.code);
  const body = failureJson(refusal);
  const headers = { ...failureHeaders(refusal), "content-length": Buffer.byteLength(body), connection: "close" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`, ...lines].join("\r\n");
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}
