import { routes } from "../../protocol/http-api.ts";
import type { Route } from "../../protocol/http-route.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import { isSocketPath } from "../sockets/socket-wish.ts";
import { malformed } from "./refusals.ts";

const known = new Map<string, { readonly pattern: RegExp; readonly methods: string[] }>();
for (const { method, path } of Object.values<Route>(routes)) {
  const entry = known.get(path) ?? { pattern: patternOf(path), methods: [] };
  entry.methods.push(...(method === "GET" ? ["GET", "HEAD"] : [method]));
  known.set(path, entry);
}

/** Why no route takes a request: 405 with the methods if the path is one, else 404. */
export function refuseUnknown(request: Request): Failure {
  const { pathname } = new URL(request.url);
  const shown = pathname.slice(0, 200);
  for (const { pattern, methods } of known.values()) {
    if (!pattern.test(pathname)) continue;
    const message = `${shown} does not take ${request.method}, but ${methods.join(", ")}`;
    return { code: "method_not_allowed", message, details: { allow: methods } };
  }
  if (isSocketPath(pathname)) return malformed(`${shown} is opened as a WebSocket`);
  return { code: "not_found", message: `there is nothing at ${shown}` };
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/:[a-z]+/g, "[^/]+")}$`);
}
