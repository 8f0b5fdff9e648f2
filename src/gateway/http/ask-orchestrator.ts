import type { RequestName, RequestParams, RequestResults } from "../../protocol/orchestrator-requests.ts";
import type { EnvironmentLinks } from "../environment-links.ts";
import type { EnvironmentRef } from "../environment-link.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import type { Result } from "../../base/result.ts";

/** Asks the orchestrator of an environment. `signal`: the caller has gone. */
export async function askOrchestrator<N extends RequestName>(
  links: EnvironmentLinks,
  ref: EnvironmentRef,
  name: N,
  params: RequestParams<N>,
  signal?: AbortSignal,
): Promise<Result<RequestResults[N], Failure>> {
  const found = await links.find(ref);
  return found.ok ? found.value.link.request(name, params, signal) : found;
}
