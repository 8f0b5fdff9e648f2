import { errorStack } from "../../base/error-text.ts";
import { type Connections, countConnections } from "./connections.ts";
import {
  HEADERS_CHECK_MS,
  HEADERS_LIMIT_BYTES,
  HEADERS_WAIT_MS,
  KEEP_ALIVE_MS,
  READER_WAIT_MS,
  REFUSALS_LIMIT,
} from "../limits.ts";
import { RequestError, getRequestListener } from "@hono/node-server";
import { type Server, createServer } from "node:http";
import {
  failedByBug,
  failureReply,
  malformed,
  refuseOnResponse,
  refuseOnSocket,
  tooManyConnections,
} from "./refusals.ts";
import type { HttpApi } from "./api.ts";
import type { Ms } from "../../base/clock.ts";
import type { Log } from "../../process/log.ts";
import type { Socket } from "node:net";

/** The HTTP server around the API: its limits, and what it says to those whose requests never reach the API. */
export interface HttpServer {
  readonly server: Server;
  readonly connections: Connections;
  /** Requests that are not answered in whole yet. */
  activeRequests(): number;
}

export interface HttpServerParts {
  readonly api: HttpApi;
  readonly connectionLimit: number;
  readonly log: Log;
  /** An answer of which nothing is taken for so long is given up. */
  readonly readerWaitMs?: Ms;
  /** Called whenever one request less is under way. */
  onRequestEnd(): void;
}

export function createHttpServer(parts: HttpServerParts): HttpServer {
  const { api, connectionLimit, log, readerWaitMs = READER_WAIT_MS } = parts;
  const listener = getRequestListener((request) => api.fetch(request), {
    errorHandler(error) {
      if (error instanceof RequestError) return failureReply(malformed(error.message));
      log.error({ error: errorStack(error) }, "an answer failed by a bug");
      return failureReply(failedByBug());
    },
  });
  let active = 0;
  const server = createServer({
    maxHeaderSize: HEADERS_LIMIT_BYTES,
    headersTimeout: HEADERS_WAIT_MS,
    requestTimeout: 0, // A blob takes as long as it takes; read-body.ts and routes/blobs.ts know when a body stands still.
    connectionsCheckingInterval: HEADERS_CHECK_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requireHostHeader: false, // Its absence is refused below, in the form of the API's errors.
  });
  server.maxConnections = connectionLimit + REFUSALS_LIMIT;
  const connections = countConnections(server, connectionLimit);

  server.on("request", (request, response) => {
    if (connections.isSurplus(request.socket)) return refuseOnResponse(response, tooManyConnections());
    active += 1;
    response.on("close", () => {
      active -= 1;
      parts.onRequestEnd();
    });
    response.setTimeout(readerWaitMs, () => giveUpReader(request.socket));
    void listener(request, response);
  });
  server.on("connect", (_request, socket) => {
    socket.on("error", () => socket.destroy());
    refuseOnSocket(socket, malformed("CONNECT is not taken: this server is no proxy"));
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    refuseOnSocket(socket, malformed(clientErrors[error.code ?? ""] ?? "the request is not HTTP/1.1"));
  });
  return { server, connections, activeRequests: () => active };
}

/** Nothing has moved on the socket for the while that was set: either its reader stands still, or there was nothing to read yet. */
function giveUpReader(socket: Socket): void {
  if (socket.writableLength > 0) socket.destroy();
}

const clientErrors: Readonly<Record<string, string>> = {
  HPE_INVALID_METHOD: "the request does not begin with a method of HTTP",
  HPE_HEADER_OVERFLOW: `the head of the request is larger than ${HEADERS_LIMIT_BYTES} bytes`,
  ERR_HTTP_REQUEST_TIMEOUT: `the head of the request did not arrive within ${HEADERS_WAIT_MS / 1_000} s`,
};
