import { errorText } from "../../base/error-text.ts";
import { httpAddress } from "../../protocol/addresses.ts";
import { readErrorBody } from "../../protocol/read-failure.ts";
import type { RouteParameters, RouteResults } from "../../protocol/http-api.ts";
import { isErrorCode } from "../../protocol/error-codes.ts";
import { CommandError, refusedError } from "../command-error.ts";
import { exitCodeOfStatus, exitCodes } from "../exit-codes.ts";
import { type CallName, calls } from "./calls.ts";
import { type HttpAnswer, sendHttp } from "./http.ts";

export interface ApiPlace {
  readonly url: string;
  readonly project: string;
  readonly environment: string;
  readonly token: string | null;
}

export interface CallInput {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON; bytes as they are. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Project and environment may be left out: they are then the ones of the command. */
type CallParameters<N extends CallName> = Omit<RouteParameters<N>, "project" | "environment"> & {
  readonly project?: string;
  readonly environment?: string;
};

/** The HTTP API for one command. What it refuses, and a server that does not answer, is thrown as a `CommandError`. */
export interface Api {
  readonly place: ApiPlace;
  call<N extends CallName>(name: N, parameters: CallParameters<N>, input?: CallInput): Promise<RouteResults[N]>;
  /** The text of a blob. */
  blobText(key: string): Promise<string>;
  /** Where a blob is, for another program to fetch. */
  blobUrl(key: string): string;
}

export function createApi(place: ApiPlace): Api {
  const send = async (
    name: CallName,
    parameters: Readonly<Record<string, string | undefined>>,
    input: CallInput,
  ): Promise<string> => {
    const [method, path] = calls[name];
    const url = urlOf(place, path, parameters, input.query ?? {});
    const body = input.body instanceof Uint8Array ? input.body : jsonOf(input.body);
    const headers = { ...authorization(place.token), ...contentType(body) };
    const answer = await sendHttp({ method, url, headers, body, signal: input.signal }).catch((error: unknown) => {
      if (input.signal?.aborted) throw error; // Whoever aborted knows what to say.
      throw unreachable(place.url, errorText(error));
    });
    if (answer.status >= 200 && answer.status < 300) return answer.text;
    throw refusal(place.url, answer);
  };

  return {
    place,
    async call(name, parameters, input = {}) {
      const text = await send(name, parameters, input);
      // The server is trusted to answer as the table of the API says: both sides take the type from there.
      return (text === "" ? null : parseAnswer(place.url, text)) as RouteResults[typeof name];
    },
    blobText: async (key) => await send("get-blob", { key }, {}),
    blobUrl: (key) => urlOf(place, calls["get-blob"][1], { key }, {}).href,
  };
}

export function authorization(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

function jsonOf(body: unknown): string | undefined {
  return body === undefined ? undefined : JSON.stringify(body);
}

function contentType(body: string | Uint8Array | undefined): Record<string, string> {
  if (body === undefined) return {};
  return { "content-type": typeof body === "string" ? "application/json" : "application/octet-stream" };
}

function urlOf(
  place: ApiPlace,
  path: string,
  parameters: Readonly<Record<string, string | undefined>>,
  query: Readonly<Record<string, string | number | undefined>>,
): URL {
  const { project, environment } = place;
  const values: Readonly<Record<string, string | undefined>> = { project, environment, ...parameters };
  const filled = path.replaceAll(/:([a-z]+)/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
  const url = new URL(httpAddress(place.url, filled));
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

function parseAnswer(url: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notCoflux(url, "its answer is no JSON");
  }
}

/** The error that the API describes in the body, or a server that does not speak this API. */
function refusal(url: string, answer: HttpAnswer): CommandError {
  const body = readErrorBody(answer.text);
  if (body === undefined) return notCoflux(url, `it answered with status ${answer.status}`);
  const { code, message, details } = body;
  if (!isErrorCode(code)) {
    return new CommandError({ code: "not_coflux", exitCode: exitCodeOfStatus(answer.status), message, details });
  }
  const hint =
    answer.retryAfter === undefined
      ? undefined
      : `try again in ${answer.retryAfter} s; \`coflux ps\` says what is wrong`;
  return refusedError({ code, message, ...(details === undefined ? {} : { details }) }, hint);
}

function unreachable(url: string, reason: string): CommandError {
  return new CommandError({
    code: "server_unreachable",
    exitCode: exitCodes.unreachable,
    message: `the server at ${url} does not answer: ${reason}`,
    hint: "start one with `coflux dev <files…>` or `coflux server start`, or name another with --url",
    details: { url },
  });
}

function notCoflux(url: string, reason: string): CommandError {
  return new CommandError({
    code: "not_coflux",
    exitCode: exitCodes.unreachable,
    message: `what listens at ${url} is not a Coflux server: ${reason}`,
    hint: "check --url, COFLUX_URL and the url in coflux.config",
    details: { url },
  });
}
