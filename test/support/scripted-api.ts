import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { type WebSocket, WebSocketServer } from "ws";

// A server that answers as the documented API does, with what a test has written down: for commands, which know nothing but the API.

export interface SeenRequest {
  readonly method: string;
  /** Decoded, without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly authorization: string | undefined;
}

/** `[status, body]`, with headers if there are any. */
type ScriptedAnswer = readonly [status: number, body?: unknown, headers?: Readonly<Record<string, string>>];

export interface ScriptedApi {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  /** What a route (`GET /api/projects`) answers: always the same, or what the function says. Later words replace earlier ones. */
  answer(route: string, answer: ScriptedAnswer | ((request: SeenRequest) => ScriptedAnswer)): void;
  /** Called for each subscription on a `topics` path: `topic` is what it is of, `number` what the client calls it. */
  onTopic(listener: (socket: WebSocket, topic: string, number: number) => void): void;
  close(): Promise<void>;
}

/** `E` of the environment that commands use by themselves. */
export const E = "/api/projects/default/environments/development";

export function apiError(status: number, code: string, message: string, details?: object): ScriptedAnswer {
  return [status, { error: { code, message, details } }];
}

export async function startScriptedApi(): Promise<ScriptedApi> {
  const answers = new Map<string, ScriptedAnswer | ((request: SeenRequest) => ScriptedAnswer)>();
  const requests: SeenRequest[] = [];
  let onTopic = (_socket: WebSocket, _topic: string, _number: number): void => undefined;

  const respond = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const url = new URL(incoming.url ?? "", "http://scripted");
    const request: SeenRequest = {
      method: incoming.method ?? "",
      path: decodeURIComponent(url.pathname),
      query: Object.fromEntries(url.searchParams),
      body: incoming.headers["content-type"] === undefined ? undefined : await json(incoming),
      authorization: incoming.headers.authorization,
    };
    requests.push(request);
    const scripted = answers.get(`${request.method} ${request.path}`) ?? apiError(404, "not_found", "nothing is here");
    const [status, body, headers] = typeof scripted === "function" ? scripted(request) : scripted;
    outgoing.writeHead(status, { "content-type": "application/json", ...headers });
    outgoing.end(typeof body === "string" || body === undefined ? body : JSON.stringify(body));
  };
  const server = createServer((incoming, outgoing) => void respond(incoming, outgoing));
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (incoming, socket, head) => {
    sockets.handleUpgrade(incoming, socket, head, (opened) => {
      opened.on("message", (data: Buffer) => {
        const [kind, number, topic]: unknown[] = JSON.parse(data.toString());
        if (kind === "subscribe") onTopic(opened, String(topic), Number(number));
      });
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo; // It listens on TCP.

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    answer: (route, answer) => void answers.set(route, answer),
    onTopic: (listener) => (onTopic = listener),
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
