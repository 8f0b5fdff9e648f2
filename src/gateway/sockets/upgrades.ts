import { CHUNKS_LIMIT, FRAGMENTS_LIMIT, TOPIC_MESSAGE_LIMIT_BYTES } from "../limits.ts";
import type { EnvironmentLinks, KnownEnvironment } from "../environment-links.ts";
import { type Result, failure, ok } from "../../base/result.ts";
import { type SocketWish, readWish } from "./socket-wish.ts";
import { malformed, refuseOnSocket, tooManyConnections } from "../http/refusals.ts";
import { AGENT_SUBPROTOCOL } from "../../protocol/version.ts";
import type { EnvironmentRef } from "../environment-link.ts";
import { FRAME_LIMIT_BYTES } from "../../protocol/limits.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import type { IncomingMessage } from "node:http";
import type { Log } from "../../process/log.ts";
import type { Socket } from "node:net";
import type { SocketSweep } from "./socket-sweep.ts";
import { WatchedSocket } from "./watched-socket.ts";
import { WebSocketServer } from "ws";
import { attachAgent } from "../agents/agent-socket.ts";
import { attachTopics } from "../topics/topic-socket.ts";
import { environmentKey } from "../../protocol/names.ts";
import { refuseSocket } from "../http/admission.ts";

export interface UpgradeParts {
  readonly links: EnvironmentLinks;
  readonly sweep: SocketSweep;
  readonly log: Log;
  readonly host: string;
  readonly isStopping: () => boolean;
  /** Whether this connection is one more than the gateway serves. */
  readonly isSurplus: (socket: Socket) => boolean;
}

interface Admitted {
  readonly wish: SocketWish;
  readonly environment: KnownEnvironment;
}

/** Takes WebSockets in. Whatever speaks against one is said before, as an HTTP response with the body of the API's errors. */
export function createUpgrades(parts: UpgradeParts): (request: IncomingMessage, socket: Socket, head: Buffer) => void {
  const servers = {
    frames: createServer(FRAME_LIMIT_BYTES, (protocols) => protocols.has(AGENT_SUBPROTOCOL) && AGENT_SUBPROTOCOL),
    patches: createServer(TOPIC_MESSAGE_LIMIT_BYTES, () => false),
  };

  const admit = async ({ url = "", headers }: IncomingMessage, raw: Socket): Promise<Result<Admitted, Failure>> => {
    const refusal = refuseSocket(headers.host ?? "", headers.origin, parts);
    if (refusal !== undefined) return failure(refusal);
    if (parts.isSurplus(raw)) return failure(tooManyConnections());
    const wish = readWish(url, headers["sec-websocket-protocol"] ?? "");
    if (!wish.ok) return wish;
    const { use, ref } = wish.value;
    const environment = await parts.links.find(ref);
    if (!environment.ok) return environment;
    if (environment.value.isArchived && use === "frames") return failure(takesNoAgents(ref));
    return ok({ wish: wish.value, environment: environment.value });
  };

  const open = (request: IncomingMessage, raw: Socket, head: Buffer, { wish, environment }: Admitted): void =>
    servers[wish.use].handleUpgrade(request, raw, head, (socket) => {
      const { link } = environment;
      const watched = new WatchedSocket(socket, raw, wish.use);
      const { sweep } = parts;
      const log = parts.log.child({ environment: environmentKey(wish.ref.project, wish.ref.environment) });
      sweep.add(watched);
      socket.on("close", () => sweep.remove(watched));
      if (wish.use === "frames") attachAgent(socket, watched, { roster: link.agents, log });
      else attachTopics(socket, watched, { hub: link.topics, log });
    });

  const take = async (request: IncomingMessage, raw: Socket, head: Buffer): Promise<void> => {
    const admitted = await admit(request, raw);
    if (admitted.ok) open(request, raw, head, admitted.value);
    else refuseOnSocket(raw, admitted.error);
  };

  return (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    void take(request, socket, head);
  };
}

function createServer(
  maxPayload: number,
  handleProtocols: (protocols: Set<string>) => string | false,
): WebSocketServer {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false, // It would cost each agent four times the processor time, to spare a local network.
    maxPayload,
    maxFragments: FRAGMENTS_LIMIT,
    maxBufferedChunks: CHUNKS_LIMIT,
    handleProtocols,
  });
  server.on("wsClientError", (error, socket) =>
    refuseOnSocket(socket, malformed(`not the beginning of a WebSocket: ${error.message}`)),
  );
  return server;
}

function takesNoAgents({ environment }: EnvironmentRef): Failure {
  return { code: "environment_not_found", message: `${environment} is archived and takes no agents` };
}
