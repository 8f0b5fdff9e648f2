import { type Route, routes } from "../../protocol/http-api.ts";
import { failureReply } from "./replies.ts";

/** Paths that speak WebSocket only. */
export const agentPath = "/agent";
export const topicsPattern = /^\/api\/projects\/([^/]+)\/environments\/([^/]+)\/topics$/;

const known = new Map<string, { readonly pattern: RegExp; readonly methods: string[] }>();
for (const { method, path } of Object.values<Route>(routes)) {
  const entry = known.get(path) ?? { pattern: patternOf(path), methods: [] };
  entry.methods.push(...(method === "GET" ? ["GET", "HEAD"] : [method]));
  known.set(path, entry);
}

/** What a request hears that no route takes: 405 with the methods if the path is one, else 404. */
export function refuseUnknown(request: Request): Response {
  const { pathname } = new URL(request.url);
  const shown = pathname.slice(0, 200);
  for (const { pattern, methods } of known.values()) {
    if (!pattern.test(pathname)) continue;
    const allow = methods.join(", ");
    const message = `${shown} does not take ${request.method}, but ${allow}.`;
    return failureReply({ code: "method_not_allowed", message, details: { allow: methods } }, { allow });
  }
  if (pathname === agentPath || topicsPattern.test(pathname)) {
    return failureReply({ code: "invalid_request", message: `${shown} is opened as a WebSocket.` });
  }
  return failureReply({ code: "not_found", message: `There is nothing at ${shown}.` });
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/:[a-z]+/g, "[^/]+")}$`);
}
