import type { RequestName, RequestParams } from "../protocol/orchestrator-requests.ts";
import type { Failure } from "../protocol/error-codes.ts";
import { asFailure, readFailure } from "../protocol/read-failure.ts";
import { type Result, failure, ok } from "../base/result.ts";
import type { Ms } from "../base/clock.ts";
import { isRepeatable } from "../protocol/orchestrator-requests.ts";
import { unpackList } from "../process/pack.ts";
import { readNumberedJson } from "./numbered-json.ts";

// Requests on their way to one orchestrator, each under the number by which its reply names it.

type Params = RequestParams<RequestName>;
type Settle = (result: Result<unknown, Failure>) => void;

export interface Calls {
  /** Gives the number. */
  add(name: RequestName, params: Params, settle: Settle): number;
  /** What travels for it; a client who was willing to wait has waited for `waitedMs` already. */
  request(id: number, waitedMs: Ms): readonly unknown[] | undefined;
  settle(id: number, result: Result<unknown, Failure>): void;
  settleAll(result: Result<unknown, Failure>): void;
}

interface Call {
  readonly name: RequestName;
  readonly params: Params;
  readonly settle: Settle;
}

export function createCalls(): Calls {
  const calls = new Map<number, Call>();
  let last = 0;

  const settle = (id: number, result: Result<unknown, Failure>): void => {
    const call = calls.get(id);
    calls.delete(id);
    call?.settle(result);
  };

  return {
    add(name, params, settled) {
      last += 1;
      calls.set(last, { name, params, settle: settled });
      return last;
    },
    request(id, waitedMs) {
      const call = calls.get(id);
      return call === undefined ? undefined : [id, call.name, afterWaiting(call.params, waitedMs)];
    },
    settle,
    settleAll(result) {
      for (const id of calls.keys()) settle(id, result);
    },
  };
}

/** What a request without values weighs, roughly. */
const CALL_BYTES = 256;

/** What parking has to know of a request. */
export function demandOf(name: RequestName, params: Params): { bytes: number; isRepeatable: boolean; waitMs: Ms } {
  return {
    bytes: bytesOf(params),
    isRepeatable: isRepeatable(name, "idempotencyKey" in params ? params : {}),
    waitMs: "waitMs" in params ? params.waitMs : 0,
  };
}

export interface Reply {
  readonly id: number;
  readonly result: Result<unknown, Failure>;
}

/** The value stays the text that it is: few look into it. Throws when the payload is no such reply. */
export function readJsonReply(payload: Buffer): Reply {
  const { number: id, json } = readNumberedJson(payload);
  return { id, result: ok(json) };
}

/** Throws when the payload is no reply. */
export function readReply(payload: Buffer): Reply {
  const [id, isOk, value] = unpackList(payload);
  if (typeof id !== "number") throw new Error("a reply without a number");
  return { id, result: isOk === true ? ok(value) : failure(failureOf(value)) };
}

function failureOf(value: unknown): Failure {
  return asFailure(readFailure(value) ?? { code: "internal", message: "the orchestrator failed without a reason" });
}

/** What a request holds in memory while it waits: its values, and little else. */
function bytesOf(params: Params): number {
  if (!("arguments" in params)) return CALL_BYTES;
  return params.arguments.reduce((sum, value) => sum + (value.kind === "inline" ? value.data.length : 0), CALL_BYTES);
}

function afterWaiting(params: Params, waitedMs: Ms): unknown {
  if (waitedMs === 0 || !("waitMs" in params)) return params;
  return { ...params, waitMs: Math.max(0, params.waitMs - Math.round(waitedMs)) };
}
