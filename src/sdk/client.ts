import type { Duration } from "../base/duration.ts";
import { parseJson } from "../base/json.ts";
import type { LogLevel } from "../protocol/agent-messages.ts";
import { environmentPath } from "../protocol/addresses.ts";
import type { TargetOptions } from "../protocol/manifest.ts";
import { encodeValue } from "../protocol/value-format/encode.ts";
import type { LogsView, RerunView, RunListView, RunStatus, RunView, StartedRunView } from "../protocol/views.ts";
import { type ClientOptions, readClientOptions, readDuration } from "./client-options.ts";
import { type ApiRequest, ApiError, sendRequest } from "./client-requests.ts";
import { readOutcome } from "./client-results.ts";
import { realWorld } from "./client-world.ts";
import { WaitTimeout } from "./errors.ts";
import { type PutBlob, fitsBody, storeLarge } from "./large-arguments.ts";
import { type CallOptions, readCallOptions } from "./options.ts";
import { errorOf } from "./outcome.ts";

export type { ClientOptions } from "./client-options.ts";
export { ApiError } from "./client-requests.ts";
export {
  ExecutionAbandoned,
  ExecutionCancelled,
  ExecutionError,
  ExecutionTimeout,
  type FailedExecution,
  SerializationError,
  WaitTimeout,
} from "./errors.ts";

export interface StartOptions extends CallOptions {
  /** The same key with the same target and arguments gives the same run, as long as that is kept. Makes a start repeatable. */
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ResultOptions {
  /** How long to wait. Default: until it ends. */
  readonly timeout?: Duration | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A run that was started. */
export interface StartedRun extends StartedRunView {
  /** Waits for the run's end; see `Client.result`. */
  result(options?: ResultOptions): Promise<unknown>;
}

export interface RunsQuery {
  readonly status?: RunStatus | undefined;
  /** `<repository>/<name>`. */
  readonly target?: string | undefined;
  /** From 1 to 1000. Default: 50. */
  readonly limit?: number | undefined;
  /** The `cursor` of the page before. */
  readonly cursor?: string | undefined;
}

export interface LogsQuery {
  /** The number of a step. Default: all. */
  readonly step?: number | undefined;
  readonly attempt?: number | undefined;
  /** This level and the ones after it: debug, stdout, info, stderr, warn, error. */
  readonly level?: LogLevel | undefined;
  /** The `cursor` of an earlier answer. */
  readonly after?: string | undefined;
  /** From 1 to 1000. Default: 100. */
  readonly limit?: number | undefined;
}

/**
 * Starts runs and reads about them. Every method rejects with an ApiError when the server refuses, and with `unreachable` when it does not
 * answer. What can be repeated safely is repeated, with growing waits, for `retryFor`.
 */
export interface Client {
  /** Starts a run of a workflow, `<repository>/<name>`. Without an idempotency key it is not repeated when its fate is unknown. */
  submit(target: string, parameters?: readonly unknown[], options?: StartOptions): Promise<StartedRun>;
  /**
   * Waits for the end of a run and gives its value. Rejects with an ExecutionError when it failed, was cancelled, abandoned or timed out
   * (its `execution` then names the run; attempt 0 stands for whichever was the last), and with a WaitTimeout when `timeout` passes first.
   */
  result(runId: string, options?: ResultOptions): Promise<unknown>;
  /** Newest first. */
  runs(query?: RunsQuery): Promise<RunListView>;
  /** A run with all its steps and executions, as the API shows it. */
  run(runId: string): Promise<RunView>;
  /** Cancels a run or an execution with everything it called. Changes nothing when it has ended. */
  cancel(id: string): Promise<void>;
  /** Runs a step again, as a new attempt. */
  rerun(stepId: string): Promise<RerunView>;
  /** Lines of log, oldest first. */
  logs(runId: string, query?: LogsQuery): Promise<LogsView>;
}

/** The longest that one request for a result asks the server to wait. */
const RESULT_WAIT_MS = 30_000;

/** How slowly a large argument may be uploaded. */
const UPLOAD_BYTES_PER_MS = 100;

/**
 * Makes a client of one environment. Opens nothing: connections are made when needed and kept by `fetch`. Throws a TypeError for an option
 * that is not one, or has a bad value.
 */
export function createClient(options: ClientOptions = {}): Client {
  const settings = { ...readClientOptions(options), world: realWorld };
  const base = environmentPath(settings);
  const text = (request: ApiRequest) => sendRequest(settings, { ...request, path: base + request.path });
  const get = (path: string, more: Partial<ApiRequest> = {}) =>
    text({ method: "GET", path, isRepeatable: true, ...more });
  const ask = async <T>(request: Promise<string>): Promise<T> => readAnswer<T>(await request);

  const client: Client = {
    async submit(target, parameters = [], start = {}) {
      const { idempotencyKey, signal, ...callOptions } = start;
      checkStart(target, parameters, idempotencyKey);
      const settled = { ...readCallOptions(callOptions, target, ["idempotencyKey", "signal"]), idempotencyKey };
      const put: PutBlob = (key, bytes) => {
        const waitMs = Math.ceil(bytes.byteLength / UPLOAD_BYTES_PER_MS);
        return text({ method: "PUT", path: `/blobs/${key}`, body: bytes, waitMs, isRepeatable: true, signal });
      };
      const body = await startBody(target, parameters, settled, put);
      const isRepeatable = idempotencyKey !== undefined;
      const run = await ask<StartedRunView>(text({ method: "POST", path: "/runs", body, isRepeatable, signal }));
      return { ...run, result: (more) => waitForResult(run.runId, target, more) };
    },
    result: (runId, more) => waitForResult(runId, "run", more),
    runs: (query = {}) => ask(get(`/runs${queryText(query)}`)),
    run: (runId) => ask(get(`/runs/${encodeURIComponent(runId)}`)),
    async cancel(id) {
      const kind = id.includes(":") ? "executions" : "runs";
      await text({ method: "POST", path: `/${kind}/${encodeURIComponent(id)}/cancel`, isRepeatable: true });
    },
    rerun: (stepId) => {
      return ask(text({ method: "POST", path: `/steps/${encodeURIComponent(stepId)}/rerun`, isRepeatable: false }));
    },
    logs: (runId, query = {}) => ask(get(`/runs/${encodeURIComponent(runId)}/logs${queryText(query)}`)),
  };

  async function waitForResult(
    runId: string,
    target: string,
    { timeout, signal }: ResultOptions = {},
  ): Promise<unknown> {
    const timeoutMs = timeout === undefined ? Number.POSITIVE_INFINITY : readDuration(timeout, "timeout");
    const deadline = settings.world.monotonic() + timeoutMs;
    for (;;) {
      const waitMs = Math.round(Math.max(0, Math.min(RESULT_WAIT_MS, deadline - settings.world.monotonic())));
      const path = `/runs/${encodeURIComponent(runId)}/result?waitMs=${waitMs}`;
      const answer = parseJson(await get(path, { waitMs, signal }));
      const outcome = await readOutcome(answer, (key) => get(`/blobs/${key}`, { signal }));
      if (outcome.kind === "succeeded") return outcome.value;
      if (outcome.kind !== "pending") throw errorOf(outcome, namedByRun(runId, target), asItIs);
      if (settings.world.monotonic() >= deadline) throw new WaitTimeout(`run ${runId} has not ended yet; it goes on`);
    }
  }

  return client;
}

/** Callers without types pass one argument instead of the list of all. */
function checkStart(target: unknown, parameters: unknown, idempotencyKey: unknown): void {
  if (typeof target !== "string") throw new TypeError("submit() needs a target as text: <repository>/<name>");
  if (!Array.isArray(parameters)) {
    throw new TypeError(
      `the arguments of ${target} must be a list: submit(${JSON.stringify(target)}, [first, second])`,
    );
  }
  if (idempotencyKey !== undefined && typeof idempotencyKey !== "string") {
    throw new TypeError(`option "idempotencyKey" of ${target} must be text`);
  }
}

/** Arguments are spliced in as the text they were encoded to; all are encoded, as they are now, before any is sent. */
async function startBody(
  target: string,
  parameters: readonly unknown[],
  options: TargetOptions & { idempotencyKey: string | undefined },
  put: PutBlob,
): Promise<string> {
  const values = parameters.map((value, index) => encodeValue(value, { path: `args[${index}]` }));
  const texts = values.map(({ data }) => data);
  const bodyOf = () => `{"arguments":[${texts.join(",")}],${JSON.stringify({ target, ...options }).slice(1)}`;
  const body = bodyOf();
  if (fitsBody(body)) return body;
  for (const [index, value] of values.entries()) {
    const stored = await storeLarge(value, put);
    if (stored !== undefined) texts[index] = JSON.stringify(stored);
  }
  return bodyOf();
}

function queryText(query: object): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? "" : `?${parameters.toString()}`;
}

function readAnswer<T>(text: string): T {
  const answer = parseJson(text);
  if (answer === undefined) throw new ApiError({ code: "bad_answer", status: 200, message: "the answer is not JSON" });
  return answer as T; // The server is trusted to answer as its API says.
}

function namedByRun(runId: string, target: string) {
  return { id: runId, runId, stepId: `${runId}:1`, attempt: 0, target };
}

function asItIs<T>(reference: T): T {
  return reference;
}
