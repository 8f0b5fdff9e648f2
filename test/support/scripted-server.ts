import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { agentFrameBody, encodeAgentFrame, readAgentEnvelope } from "../../src/protocol/agent-frame.ts";
import {
  type AgentCommand,
  type AgentControl,
  type AgentControlReply,
  type AgentMessage,
  decodeAgentControl,
  decodeAgentMessage,
  encodeAgentCommand,
  encodeAgentControlReply,
} from "../../src/protocol/agent-messages.ts";
import { pack, unpack } from "../../src/process/pack.ts";
import { arrivals } from "./arrivals.ts";

// The server's end of an agent's WebSocket, told by a test what to say. It greets, acknowledges and keeps sessions by itself as long as the
// test does not ask for anything else; blobs are kept in memory.

type Hello = Extract<AgentControl, { readonly kind: "hello" }>;

export interface ScriptedServer {
  readonly url: string;
  /** The next message of this kind that was not taken, and that matches. */
  take<K extends AgentMessage["kind"]>(
    kind: K,
    matches?: (message: Extract<AgentMessage, { kind: K }>) => boolean,
  ): Promise<Extract<AgentMessage, { kind: K }>>;
  takeHello(): Promise<Hello>;
  send(...commands: readonly AgentCommand[]): void;
  control(message: AgentControlReply): void;
  /** Acknowledges what was heard. Happens by itself unless `holdAcknowledgements`. */
  acknowledge(): void;
  holdAcknowledgements: boolean;
  /** What the next hello is answered with, instead of a welcome. */
  rejectNext: Extract<AgentControlReply, { kind: "reject" }> | undefined;
  /** Answers upgrades with this status and error instead of letting agents in. */
  refuseWith: { readonly status: number; readonly code: string } | undefined;
  /** As after a restart of the orchestrator behind an open socket. */
  nextEpoch(): void;
  /** Forgets the last frame that was heard, as a server does that ends before its commit. */
  forgetFrame(): void;
  /** Cuts the connection without a word. */
  cut(): void;
  leaseMs: number;
  readonly blobs: Map<string, Uint8Array>;
  /** Data frames that were heard, by their numbers. */
  readonly frames: number[];
  close(): Promise<void>;
}

export async function scriptedServer(): Promise<ScriptedServer> {
  const heard = arrivals<AgentMessage>("message");
  const hellos = arrivals<Hello>("hello");
  const blobs = new Map<string, Uint8Array>();
  const frames: number[] = [];
  const server = createServer((request, response) => void serveBlob(blobs, request, response));
  const sockets = new WebSocketServer({ noServer: true });
  let socket: WebSocket | undefined;
  let epoch = 1;
  let session: { readonly id: string; lastSequence: number } | undefined;
  let sessions = 0;

  const write = (kind: "control" | "data" | "acknowledgement", messages: readonly unknown[]): void => {
    const acknowledged = scripted.holdAcknowledgements ? 0 : (session?.lastSequence ?? 0);
    const body = kind === "acknowledgement" ? new Uint8Array() : pack(messages);
    socket?.send(encodeAgentFrame({ kind, epoch, sequence: 0, acknowledged }, body));
  };

  const greet = (hello: Hello): void => {
    hellos.add(hello);
    const reject = scripted.rejectNext;
    scripted.rejectNext = undefined;
    if (reject) return scripted.control(reject);
    const isNew = hello.session === null || hello.session !== session?.id;
    if (isNew) {
      sessions += 1;
      session = { id: `Sbbbbbbbbbb${"bcdfghjk"[sessions % 8]}b`, lastSequence: 0 };
    }
    const { id, lastSequence } = session ?? { id: "", lastSequence: 0 };
    scripted.control({
      kind: "welcome",
      session: id,
      secret: isNew ? "secret" : null,
      lastSequence,
      leaseMs: scripted.leaseMs,
    });
  };

  const onControl = (message: AgentControl): void => {
    if (message.kind === "hello") greet(message);
    else scripted.control({ kind: "pong", sequence: message.sequence });
  };

  const onFrame = (bytes: Buffer): void => {
    const envelope = readAgentEnvelope(bytes);
    const list = unpack(agentFrameBody(bytes));
    if (envelope === undefined || !Array.isArray(list)) throw new Error("a broken frame");
    if (envelope.kind === "control") return list.map(decodeAgentControl).forEach(onControl);
    if (envelope.epoch !== epoch || session === undefined || envelope.sequence <= session.lastSequence) return;
    if (envelope.sequence !== session.lastSequence + 1) throw new Error(`a gap before frame ${envelope.sequence}`);
    session.lastSequence = envelope.sequence;
    frames.push(envelope.sequence);
    for (const message of list.map(decodeAgentMessage)) heard.add(message);
    if (!scripted.holdAcknowledgements) write("acknowledgement", []);
  };

  server.on("upgrade", (request, stream, head) => {
    if (scripted.refuseWith) {
      const { status, code } = scripted.refuseWith;
      const body = JSON.stringify({ error: { code, message: `refused: ${code}` } });
      stream.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`);
      return;
    }
    sockets.handleUpgrade(request, stream, head, (opened) => {
      socket = opened;
      opened.on("message", (bytes: Buffer) => onFrame(bytes));
      scripted.control({ kind: "challenge", epoch });
    });
  });

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // A TCP server has one.

  const scripted: ScriptedServer = {
    url: `http://127.0.0.1:${port}`,
    take: <K extends AgentMessage["kind"]>(
      kind: K,
      matches: (message: Extract<AgentMessage, { kind: K }>) => boolean = () => true,
    ) =>
      heard.nextThat(
        (message): message is Extract<AgentMessage, { kind: K }> => isKind(message, kind) && matches(message),
      ),
    takeHello: () => hellos.next(),
    send: (...commands) => write("data", commands.map(encodeAgentCommand)),
    control: (message) => write("control", [encodeAgentControlReply(message)]),
    acknowledge() {
      scripted.holdAcknowledgements = false;
      write("acknowledgement", []);
    },
    holdAcknowledgements: false,
    rejectNext: undefined,
    refuseWith: undefined,
    nextEpoch() {
      epoch += 1;
      scripted.control({ kind: "challenge", epoch });
    },
    forgetFrame() {
      if (session) session.lastSequence -= 1;
    },
    cut: () => socket?.terminate(),
    leaseMs: 60_000,
    blobs,
    frames,
    async close() {
      socket?.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return scripted;
}

function isKind<K extends AgentMessage["kind"]>(
  message: AgentMessage,
  kind: K,
): message is Extract<AgentMessage, { kind: K }> {
  return message.kind === kind;
}

async function serveBlob(
  blobs: Map<string, Uint8Array>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const key = request.url?.split("/").at(-1) ?? "";
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  if (request.method === "PUT") {
    blobs.set(key, Buffer.concat(chunks));
    response.writeHead(204).end();
    return;
  }
  const blob = blobs.get(key);
  response.writeHead(blob === undefined ? 404 : 200).end(blob);
}
