import { type Result, failure } from "../base/result.ts";
import type { Failure } from "../protocol/error-codes.ts";
import { FRAME_LIMIT_BYTES } from "../protocol/limits.ts";
import {
  type RequestName,
  type RequestParams,
  isRequestName,
  requestSchemas,
} from "../protocol/orchestrator-requests.ts";
import type { RunResultView } from "../protocol/views.ts";
import { type Value, valueField } from "../protocol/values.ts";
import { rejected } from "./verdict.ts";
import { pack } from "../process/pack.ts";
import type { Command } from "./command.ts";
import type { Inbox } from "./inbox.ts";
import { FRAME_HEADROOM_BYTES } from "./limits.ts";
import { type JsonText, jsonText } from "./json-text.ts";
import type { Reader } from "./reader.ts";
import type { ResultWaiters } from "./result-waiters.ts";
import { notFound } from "../protocol/failures.ts";
import type { Read } from "./views/answer-read.ts";

// What clients ask through the gateway: changes go to the engine, views to the reader, and the result of a run is waited for here.

/** The way back to the clients. */
export interface ReplyPort {
  reply(id: number, result: Result<unknown, Failure>): void;
  /** With what has values of users in it. */
  replyJson(id: number, json: JsonText): void;
}

export interface Requests {
  take(id: number, name: unknown, params: unknown): void;
  /** Nobody waits for that reply any more. */
  forget(id: number): void;
  forgetAll(): void;
}

export interface RequestsParts {
  readonly inbox: Inbox;
  readonly reader: Reader;
  readonly waiters: ResultWaiters;
  readonly port: ReplyPort;
  /** Undefined for an unknown run. */
  readonly readResult: (run: string) => RunResultView | undefined;
}

/** One for each request: one without does not compile. */
type RequestHandlers = { readonly [N in RequestName]: (id: number, params: RequestParams<N>) => void };

export function createRequests({ inbox, reader, waiters, port, readResult }: RequestsParts): Requests {
  const execute = (id: number, command: Command): void => inbox.ask(command, (verdict) => port.reply(id, verdict));

  const read = async (id: number, query: Read): Promise<void> => {
    const { result } = await reader.ask({ kind: "read", read: query });
    if (result.ok && result.value.json !== null) port.replyJson(id, result.value.json);
    else port.reply(id, result);
  };

  const answerResult = (id: number, run: string): void => {
    const result = readResult(run);
    if (result === undefined) port.reply(id, failure(notFound("run_not_found", run)));
    else port.replyJson(id, jsonText(result));
  };

  const handlers: RequestHandlers = {
    "start-run": (id, params) => {
      const size = tooLarge(params.arguments);
      if (size !== null) return port.reply(id, failure(size));
      execute(id, { kind: "start-run", ...params });
    },
    "get-result": (id, { run, waitMs }) => {
      const isPending = waitMs > 0 && readResult(run)?.status === "pending";
      if (!isPending) return answerResult(id, run);
      const isWaiting = waiters.wait(id, { run, limitMs: waitMs, answer: () => answerResult(id, run) });
      if (!isWaiting)
        port.reply(id, rejected("overloaded", "too many clients wait for results; ask again without waiting"));
    },
    "cancel-run": (id, { run }) => execute(id, { kind: "cancel-run", run }),
    "cancel-execution": (id, { execution }) => execute(id, { kind: "cancel-execution", execution }),
    "rerun-step": (id, { step }) => execute(id, { kind: "rerun-step", step }),
    "drain-agent": (id, { session }) => execute(id, { kind: "drain-session", session }),
    pause: (id) => execute(id, { kind: "pause" }),
    resume: (id) => execute(id, { kind: "resume" }),
    "list-runs": (id, params) => void read(id, { name: "list-runs", params }),
    "get-run": (id, params) => void read(id, { name: "get-run", params }),
    "get-logs": (id, params) => void read(id, { name: "get-logs", params }),
    "list-repositories": (id, params) => void read(id, { name: "list-repositories", params }),
    "list-agents": (id, params) => void read(id, { name: "list-agents", params }),
  };

  const handle = <N extends RequestName>(id: number, name: N, params: unknown): void => {
    const parsed = requestSchemas[name].safeParse(params);
    if (parsed.success) return handlers[name](id, parsed.data as RequestParams<N>); // By the schema that the type is inferred from.
    const [issue] = parsed.error.issues;
    const field = issue?.path.join(".") ?? "";
    port.reply(id, rejected("invalid_request", `${name}: ${field} ${issue?.message ?? "is not valid"}`, { field }));
  };

  return {
    take(id, name, params) {
      if (typeof name === "string" && isRequestName(name)) handle(id, name, params);
      else port.reply(id, rejected("invalid_request", `there is no request ${JSON.stringify(name)}`));
    },
    forget: (id) => waiters.forget(id),
    forgetAll: () => waiters.forgetAll(),
  };
}

/** Arguments go to an agent in one frame. Counted exactly only where it may matter. */
function tooLarge(values: readonly Value[]): Failure | null {
  const limit = FRAME_LIMIT_BYTES - FRAME_HEADROOM_BYTES;
  const characters = values.reduce((sum, value) => sum + (value.kind === "inline" ? value.data.length : 0), 0);
  const references = values.reduce((sum, value) => sum + value.references.length, 0);
  if (characters * BYTES_PER_CHARACTER + references * BYTES_PER_REFERENCE <= limit) return null;
  const bytes = pack(values.map((value) => valueField.pack(value))).byteLength;
  if (bytes <= limit) return null;
  const message = `the arguments take ${bytes} bytes, the limit is ${limit}: pass large ones as blobs`;
  return { code: "body_too_large", message, details: { limit } };
}

/** At most. */
const BYTES_PER_CHARACTER = 3;
const BYTES_PER_REFERENCE = 512;
