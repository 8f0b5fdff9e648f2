import type { RequestName, RequestParams, RequestResults } from "../../protocol/orchestrator-requests.ts";
import type { EnvironmentLinks } from "../environment-links.ts";
import type { EnvironmentRef, ViewName } from "../environment-link.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import type { Result } from "../../base/result.ts";
import { writtenReply } from "./replies.ts";

/** Asks the orchestrator of an environment. */
export async function askOrchestrator<N extends RequestName>(
  links: EnvironmentLinks,
  ref: EnvironmentRef,
  name: N,
  params: RequestParams<N>,
): Promise<Result<RequestResults[N], Failure>> {
  const found = await links.find(ref);
  return found.ok ? found.value.link.request(name, params) : found;
}

/** Shows what the orchestrator has written. `signal`: the client has gone. */
export async function showView<N extends ViewName>(
  links: EnvironmentLinks,
  ref: EnvironmentRef,
  name: N,
  params: RequestParams<N>,
  signal?: AbortSignal,
): Promise<Result<never, Failure> | Response> {
  const found = await links.find(ref);
  if (!found.ok) return found;
  const json = await found.value.link.requestJson(name, params, signal);
  return json.ok ? writtenReply(200, json.value) : json;
}
