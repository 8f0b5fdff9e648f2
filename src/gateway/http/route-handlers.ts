import type { RouteBody, RouteName, RouteParameters, RouteQuery, RouteResults } from "../../protocol/http-api.ts";
import type { Clock, Timers } from "../../base/clock.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { EnvironmentLinks } from "../environment-links.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import type { Log } from "../../process/log.ts";
import type { Result } from "../../base/result.ts";
import type { SupervisorPort } from "../supervisor-port.ts";

/** What handlers work with. */
export interface ApiParts {
  readonly links: EnvironmentLinks;
  readonly supervisor: SupervisorPort;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** The address the server was started with. */
  readonly host: string;
  /** The gateway stops: nothing new is begun. */
  readonly isStopping: () => boolean;
}

/** A request whose path, query and body have been checked. `raw` is for headers, for bytes, and for the signal that the client has gone. */
export interface ApiRequest<N extends RouteName> {
  readonly parameters: RouteParameters<N>;
  readonly query: RouteQuery<N>;
  readonly body: RouteBody<N>;
  readonly raw: Request;
}

/** What the route's table promises, or a failure; a response of its own where it is not JSON or its status depends. */
export type RouteHandler<N extends RouteName> = (
  request: ApiRequest<N>,
) => Promise<Result<RouteResults[N], Failure> | Response>;

/** One handler for each route: a route without one does not compile. */
export type RouteHandlers<N extends RouteName = RouteName> = { readonly [Name in N]: RouteHandler<Name> };
