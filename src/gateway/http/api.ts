import type { ApiParts, ApiRequest, RouteHandlers } from "./route-handlers.ts";
import { type RouteName, routes } from "../../protocol/http-api.ts";
import { type PathParameter, type Route, pathParameters } from "../../protocol/http-route.ts";
import { type Result, failure, ok } from "../../base/result.ts";
import { emptyReply, jsonReply } from "./replies.ts";
import { failedByBug, failureReply } from "./refusals.ts";
import { isEnvironmentName, isProjectName } from "../../protocol/names.ts";
import { parseExecutionId, parseRunId, parseSessionId, parseStepId } from "../../protocol/ids.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import { invalidField, notFound } from "../../protocol/failures.ts";
import { Hono } from "hono";
import type { Timers } from "../../base/clock.ts";
import { blobRoutes } from "./routes/blobs.ts";
import { checkInput } from "../../protocol/check-input.ts";
import { environmentRoutes } from "./routes/environments.ts";
import { logRoutes } from "./routes/logs.ts";
import { readJsonBody } from "./read-body.ts";
import { refuseRequest } from "./admission.ts";
import { refuseUnknown } from "./unknown-paths.ts";
import { runRoutes } from "./routes/runs.ts";
import { serverRoutes } from "./routes/server.ts";

export interface HttpApi {
  /** Answers any request; never throws. */
  fetch(request: Request): Response | Promise<Response>;
}

/** The HTTP API: requests in, responses out, by the table of routes. It needs no port. */
export function createHttpApi(parts: ApiParts): HttpApi {
  const handlers: RouteHandlers = {
    ...serverRoutes(parts),
    ...environmentRoutes(parts),
    ...runRoutes(parts),
    ...logRoutes(parts),
    ...blobRoutes(parts),
  };
  const app = new Hono();
  for (const [name, route] of Object.entries<Route>(routes)) {
    const handler = handlers[name as RouteName] as Handler; // Both tables have the same names; each handler gets what its own row says.
    app.on(route.method, route.path, (context) => {
      const { req: request } = context;
      return serve(handler, { route, parameters: request.param(), raw: request.raw, timers: parts.timers });
    });
  }
  app.notFound((context) => failureReply(refuseUnknown(context.req.raw)));
  app.onError((error, context) => {
    parts.log.error(
      { method: context.req.method, path: context.req.path, error: error.stack },
      "a request failed by a bug",
    );
    return failureReply(failedByBug());
  });
  return {
    fetch(request) {
      const refusal = refuseRequest(request, parts);
      return refusal === undefined ? app.fetch(request) : failureReply(refusal);
    },
  };
}

/** A request for a route, of which nothing has been checked. */
interface Arrived {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
  readonly raw: Request;
  readonly timers: Timers;
}

type Handler = (request: ApiRequest<RouteName>) => Promise<Result<unknown, Failure> | Response>;

async function serve(handler: Handler, arrived: Arrived): Promise<Response> {
  const input = await readInput(arrived);
  if (!input.ok) return failureReply(input.error);
  const answer = await handler(input.value);
  if (answer instanceof Response) return answer;
  if (!answer.ok) return failureReply(answer.error);
  const { status } = arrived.route;
  return answer.value === null ? emptyReply(status) : jsonReply(status, answer.value);
}

/** Checks everything that the route's row says, in the order of a person reading the request: path, query, body. */
async function readInput(arrived: Arrived): Promise<Result<ApiRequest<RouteName>, Failure>> {
  const { route, parameters, raw } = arrived;
  const absent = findAbsent(parameters);
  if (absent !== undefined) return failure(absent);
  const query = readQuery(route, raw.url);
  if (!query.ok) return query;
  const body = await readBody(arrived);
  if (!body.ok) return body;
  return ok({ parameters, query: query.value, body: body.value, raw } as ApiRequest<RouteName>); // Checked by the row that gives the type.
}

const isParameter: Readonly<Record<PathParameter, (text: string) => boolean>> = {
  project: isProjectName,
  environment: isEnvironmentName,
  run: (text) => parseRunId(text) !== undefined,
  step: (text) => parseStepId(text) !== undefined,
  execution: (text) => parseExecutionId(text) !== undefined,
  session: (text) => parseSessionId(text) !== undefined,
  key: () => true, // A malformed key is a bad request to some and an absent blob to others.
};

/** What cannot be a name or an id is the name or the id of nothing. */
function findAbsent(parameters: Readonly<Record<string, string>>): Failure | undefined {
  for (const [name, text] of Object.entries(parameters)) {
    const parameter = name as PathParameter; // Paths have no other names.
    if (isParameter[parameter](text)) continue;
    return notFound(pathParameters[parameter], text);
  }
  return undefined;
}

function readQuery(route: Route, url: string): Result<unknown, Failure> {
  const start = url.indexOf("?");
  if (start === -1 && route.query === undefined) return ok(undefined);
  const given = [...new URLSearchParams(start === -1 ? "" : url.slice(start + 1))];
  const members = Object.fromEntries(given);
  const [twice] = given.find(([name], index) => given.findIndex(([other]) => other === name) !== index) ?? [];
  if (twice !== undefined) return failure(badParameter(twice, "is given more than once"));
  if (route.query !== undefined) return checkInput(route.query, members);
  const [unknown] = Object.keys(members);
  return unknown === undefined ? ok(undefined) : failure(badParameter(unknown, "is not a field of this request"));
}

async function readBody({ route, raw, timers }: Arrived): Promise<Result<unknown, Failure>> {
  if (route.body === undefined) return ok(undefined);
  const json = await readJsonBody(raw, timers);
  return json.ok ? checkInput(route.body, json.value) : json;
}

function badParameter(name: string, problem: string): Failure {
  return invalidField(name.slice(0, 100), problem);
}
