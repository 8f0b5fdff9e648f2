import { isAllowedHost, isOwnOrigin } from "./allowed-hosts.ts";
import type { ApiParts } from "./route-handlers.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import { malformed, stopping } from "./refusals.ts";

type Gate = Pick<ApiParts, "host" | "isStopping">;

/** Whether a request is let in at all, before anyone looks for its route. Undefined: it is. */
export function refuseRequest(request: Request, gate: Gate): Failure | undefined {
  const { host, address } = splitUrl(request.url);
  const isWrite = request.method !== "GET" && request.method !== "HEAD";
  const origin = isWrite ? request.headers.get("origin") : null;
  const refusal = refuseClient(host, origin, gate.host);
  if (refusal !== undefined) return refusal;
  if (!isDecodable(address)) return malformed("the address is not percent-encoded UTF-8");
  if (gate.isStopping() && address !== "/healthz") return stopping();
  return undefined;
}

/** Whether a WebSocket is let in at all: a page of any origin may open one, and then reads what comes. */
export function refuseSocket(host: string, origin: string | undefined, gate: Gate): Failure | undefined {
  return refuseClient(host, origin ?? null, gate.host) ?? (gate.isStopping() ? stopping() : undefined);
}

function refuseClient(host: string, origin: string | null, configuredHost: string): Failure | undefined {
  if (!isAllowedHost(host, configuredHost)) {
    return { code: "forbidden_host", message: `"${host.slice(0, 200)}" is not an address of this server` };
  }
  if (origin !== null && !isOwnOrigin(origin, host)) {
    return { code: "forbidden_origin", message: `pages of "${origin.slice(0, 200)}" may not do this` };
  }
  return undefined;
}

/** Host with port, and path with query, of an absolute address. */
function splitUrl(url: string): { host: string; address: string } {
  const hostStart = url.indexOf("//") + 2;
  const pathStart = url.indexOf("/", hostStart);
  return { host: url.slice(hostStart, pathStart), address: url.slice(pathStart) };
}

function isDecodable(address: string): boolean {
  if (!address.includes("%")) return true;
  try {
    decodeURIComponent(address);
    return true;
  } catch {
    return false;
  }
}
