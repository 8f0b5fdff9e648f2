import { jitteredDelayMs } from "../base/backoff.ts";
import type { Ms } from "../base/clock.ts";
import { formatDuration } from "../base/duration.ts";
import { httpAddress } from "../protocol/addresses.ts";
import { readErrorBody } from "../protocol/read-failure.ts";
import { brandClass } from "../protocol/value-format/brand.ts";
import type { ClientWorld } from "./client-world.ts";

/** The server refused a request, or did not answer. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** One of docs/protocol.md, or `unreachable`: no answer came; `bad_answer`: what answered is not the API. */
  readonly code: string;
  /** Of HTTP; 0 when no answer came. */
  readonly status: number;
  /** Facts for programs: the field, the limit, the ids. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(refusal: { code: string; status: number; message: string; details?: object }, options?: ErrorOptions) {
    super(refusal.message, options);
    this.code = refusal.code;
    this.status = refusal.status;
    this.details = { ...refusal.details };
  }
}
brandClass(ApiError, "ApiError");

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT";
  /** After the url of the server, with its query. */
  readonly path: string;
  /** JSON text, or the bytes of a blob. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Doing it twice does no more than doing it once. */
  readonly isRepeatable: boolean;
  /** How long the server may take on purpose. */
  readonly waitMs?: Ms;
  readonly signal?: AbortSignal | undefined;
}

export interface RequestSettings {
  readonly url: string;
  readonly token: string | undefined;
  /** How long requests that may be repeated are repeated. */
  readonly retryForMs: Ms;
  readonly world: ClientWorld;
}

/** A server that says nothing for this long, beyond what it was allowed to wait, does not answer. */
const ANSWER_TIMEOUT_MS = 30_000;
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 10_000;

/** Sends a request until it is answered; resolves to the text of the body. Throws an ApiError, or the reason of the signal. */
export async function sendRequest(settings: RequestSettings, request: ApiRequest): Promise<string> {
  const { world, retryForMs } = settings;
  const startedAt = world.monotonic();
  for (let attempt = 0; ; attempt++) {
    const answer = await sendOnce(settings, request);
    if (answer.error === undefined) return answer.text;
    const delayMs = Math.max(answer.retryAfterMs, jitteredDelayMs(FIRST_RETRY_MS, LONGEST_RETRY_MS, attempt, world));
    const tookMs = world.monotonic() - startedAt;
    if (!mayRepeat(answer.error, request)) throw withAdvice(answer.error, request);
    if (tookMs + delayMs > retryForMs) throw exhausted(answer.error, attempt + 1, tookMs);
    await world.sleep(delayMs, request.signal);
  }
}

type Answer =
  | { readonly error?: undefined; readonly text: string }
  | { readonly error: ApiError; readonly retryAfterMs: Ms };

async function sendOnce({ url, token, world }: RequestSettings, request: ApiRequest): Promise<Answer> {
  const { method, path, body, waitMs = 0, signal } = request;
  const headers: Record<string, string> = { accept: "application/json" };
  if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
  if (body !== undefined) {
    headers["content-type"] = typeof body === "string" ? "application/json" : "application/octet-stream";
  }
  const timeout = world.timeout(ANSWER_TIMEOUT_MS + waitMs);
  const init = { method, headers, signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) };
  try {
    const response = await fetch(httpAddress(url, path), body === undefined ? init : { ...init, body });
    const text = await response.text();
    if (response.ok) return { text };
    const seconds = Number(response.headers.get("retry-after") ?? 0);
    return { error: refusal(response.status, text), retryAfterMs: Number.isFinite(seconds) ? seconds * 1_000 : 0 };
  } catch (cause) {
    signal?.throwIfAborted();
    return { error: unreachable(url, cause), retryAfterMs: 0 };
  }
}

/** Every 503 but one says that nothing was done. */
function mayRepeat({ code, status, cause }: ApiError, { isRepeatable }: ApiRequest): boolean {
  if (status === 503) return isRepeatable || code !== "outcome_unknown";
  return code === "unreachable" && (isRepeatable || wasNeverSent(cause));
}

const neverSent: readonly unknown[] = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"];

/** Whether `fetch` found nobody to send it to. */
function wasNeverSent(cause: unknown): boolean {
  const reason = cause instanceof Error ? cause.cause : undefined;
  return reason instanceof Error && neverSent.includes(Reflect.get(reason, "code"));
}

/** Why a start was not tried again by itself. */
function withAdvice(error: ApiError, { isRepeatable }: ApiRequest): ApiError {
  if (isRepeatable || error.code !== "unreachable" || wasNeverSent(error.cause)) return error;
  const advice = "not repeated, because it may have been done (a start with an idempotencyKey is)";
  return reworded(error, `${error.message}; ${advice}`);
}

/** What was waited for, when that was long enough. */
function exhausted(error: ApiError, attempts: number, tookMs: Ms): ApiError {
  if (attempts === 1) return error;
  return reworded(
    error,
    `${error.message} (${attempts} attempts in ${formatDuration(Math.round(tookMs))}; option retryFor)`,
  );
}

function reworded({ code, status, details, cause }: ApiError, message: string): ApiError {
  return new ApiError({ code, status, details, message }, { cause });
}

function refusal(status: number, text: string): ApiError {
  const told = readErrorBody(text);
  if (told !== undefined) return new ApiError({ ...told, status });
  const message = `HTTP ${status}, and not from a Coflux server: ${text.slice(0, 200)}`;
  return new ApiError({ code: "bad_answer", status, message });
}

function unreachable(url: string, cause: unknown): ApiError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const reason = inner instanceof Error && inner.message !== "" ? inner.message : String(inner);
  return new ApiError({ code: "unreachable", status: 0, message: `no answer from ${url}: ${reason}` }, { cause });
}
