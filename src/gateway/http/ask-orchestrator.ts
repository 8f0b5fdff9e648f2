import type { RequestName, RequestParams, RequestResults } from "../../protocol/orchestrator-requests.ts";
import type { EnvironmentLinks } from "../environment-links.ts";
import type { EnvironmentRef, ViewName } from "../environment-link.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import type { Result } from "../../base/result.ts";
import { writtenReply } from "./replies.ts";

/** Whatever is only passed on to the orchestrator of an environment. */
export interface Asking {
  readonly ask: <N extends RequestName>(
    ref: EnvironmentRef,
    name: N,
    params: RequestParams<N>,
  ) => Promise<Result<RequestResults[N], Failure>>;
  /** Replies with what the orchestrator has written. `signal`: the client has gone. */
  readonly show: <N extends ViewName>(
    ref: EnvironmentRef,
    name: N,
    params: RequestParams<N>,
    signal?: AbortSignal,
  ) => Promise<Result<never, Failure> | Response>;
}

export function askThrough(links: EnvironmentLinks): Asking {
  return {
    async ask(ref, name, params) {
      const found = await links.find(ref);
      return found.ok ? found.value.link.request(name, params) : found;
    },
    async show(ref, name, params, signal) {
      const found = await links.find(ref);
      if (!found.ok) return found;
      const json = await found.value.link.requestJson(name, params, signal);
      return json.ok ? writtenReply(200, json.value) : json;
    },
  };
}
