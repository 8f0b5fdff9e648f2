import { CHUNKS_LIMIT, FRAGMENTS_LIMIT, TOPIC_MESSAGE_LIMIT_BYTES } from "../limits.ts";
import type { EnvironmentLinks, KnownEnvironment } from "../environment-links.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import { invalidField } from "../../protocol/failures.ts";
import type { IncomingMessage } from "node:http";
import { type Result, failure, ok } from "../../base/result.ts";
import { agentPath, topicsPattern } from "../http/unknown-paths.ts";
import { refuseOnSocket } from "../http/replies.ts";
import { AGENT_SUBPROTOCOL } from "../../protocol/version.ts";
import type { EnvironmentRef } from "../environment-link.ts";
import { FRAME_LIMIT_BYTES } from "../../protocol/limits.ts";
import type { Log } from "../../process/log.ts";
import type { Socket } from "node:net";
import type { SocketSweep } from "./socket-sweep.ts";
import type { SocketUse } from "./vitals.ts";
import { WatchedSocket } from "./watched-socket.ts";
import { WebSocketServer } from "ws";
import { attachAgent } from "../agents/agent-socket.ts";
import { attachTopics } from "../topics/topic-socket.ts";
import { environmentKey } from "../../protocol/names.ts";
import { refuseSocket } from "../http/admission.ts";
import { tooManyConnections } from "../http/http-server.ts";

export interface UpgradeParts {
  readonly links: EnvironmentLinks;
  readonly sweep: SocketSweep;
  readonly log: Log;
  readonly host: string;
  readonly isStopping: () => boolean;
  /** Whether this connection is one more than the gateway serves. */
  readonly isSurplus: (socket: Socket) => boolean;
}

/** A WebSocket that somebody wants: of an agent, or of a page that shows live views. */
interface Wish {
  readonly use: SocketUse;
  readonly ref: EnvironmentRef;
}

/** Takes WebSockets in. Whatever speaks against one is said before, as an HTTP response with the body of the API's errors. */
export function createUpgrades(parts: UpgradeParts): (request: IncomingMessage, socket: Socket, head: Buffer) => void {
  const servers = {
    frames: createServer(FRAME_LIMIT_BYTES, (protocols) => protocols.has(AGENT_SUBPROTOCOL) && AGENT_SUBPROTOCOL),
    patches: createServer(TOPIC_MESSAGE_LIMIT_BYTES, () => false),
  };

  const open = (request: IncomingMessage, raw: Socket, head: Buffer, { use, ref }: Wish, { link }: KnownEnvironment) =>
    servers[use].handleUpgrade(request, raw, head, (socket) => {
      const watched = new WatchedSocket(socket, raw, use);
      const { sweep } = parts;
      const log = parts.log.child({ environment: environmentKey(ref.project, ref.environment) });
      if (use === "frames") attachAgent(socket, watched, { roster: link.agents, sweep, log });
      else attachTopics(socket, watched, { hub: link.topics, sweep });
    });

  const admit = async (request: IncomingMessage, raw: Socket, head: Buffer): Promise<void> => {
    const wish = readWish(request, raw, parts);
    if (!wish.ok) return refuseOnSocket(raw, wish.error);
    const found = await parts.links.find(wish.value.ref);
    if (!found.ok) return refuseOnSocket(raw, found.error);
    if (found.value.isArchived && wish.value.use === "frames") return refuseOnSocket(raw, archived(wish.value.ref));
    open(request, raw, head, wish.value, found.value);
  };

  return (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    void admit(request, socket, head);
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
  server.on("wsClientError", (error, socket) => {
    const message = `Not the beginning of a WebSocket: ${error.message}.`;
    refuseOnSocket(socket, { code: "invalid_request", message });
  });
  return server;
}

function readWish(request: IncomingMessage, socket: Socket, parts: UpgradeParts): Result<Wish, Failure> {
  const refusal = refuseSocket(request.headers.host ?? "", request.headers.origin, parts);
  if (refusal !== undefined) return failure(refusal);
  if (parts.isSurplus(socket)) return failure(tooManyConnections());
  const [path = "", query = ""] = (request.url ?? "").split("?", 2);
  if (path === agentPath) return readAgentWish(query, request.headers["sec-websocket-protocol"] ?? "");
  const [, project, environment] = topicsPattern.exec(path) ?? [];
  if (project === undefined || environment === undefined) {
    return failure({ code: "not_found", message: `No WebSocket is taken at ${path.slice(0, 200)}.` });
  }
  return ok({ use: "patches", ref: { project: decode(project), environment: decode(environment) } });
}

function readAgentWish(query: string, protocols: string): Result<Wish, Failure> {
  const offered = protocols.split(",").map((protocol) => protocol.trim());
  if (!offered.includes(AGENT_SUBPROTOCOL)) {
    const message = `This server speaks the sub-protocol ${AGENT_SUBPROTOCOL}; offered: ${protocols.slice(0, 200) || "none"}.`;
    return failure({ code: "protocol_mismatch", message });
  }
  const parameters = new URLSearchParams(query);
  const [project, ...moreProjects] = parameters.getAll("project");
  const [environment, ...moreEnvironments] = parameters.getAll("environment");
  if (project === undefined || moreProjects.length > 0) return failure(once("project"));
  if (environment === undefined || moreEnvironments.length > 0) return failure(once("environment"));
  return ok({ use: "frames", ref: { project, environment } });
}

/** What is no percent-encoding is no name either. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function once(parameter: string): Failure {
  return invalidField(parameter, "name one, as in /agent?project=default&environment=development");
}

function archived({ environment }: EnvironmentRef): Failure {
  return { code: "environment_not_found", message: `${environment} is archived and takes no agents.` };
}
