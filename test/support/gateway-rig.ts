import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { WebSocket } from "ws";
import { type Gateway, createGateway } from "../../src/gateway/gateway.ts";
import { realClock, realTimers } from "../../src/process/real-clock.ts";
import type { Log } from "../../src/process/log.ts";
import { AGENT_SUBPROTOCOL } from "../../src/protocol/version.ts";
import { seededRandom } from "../../src/base/random.ts";
import type { Clock, Timers } from "../../src/base/clock.ts";
import { type ScriptedOrchestrator, scriptedOrchestrator } from "./scripted-orchestrator.ts";
import { type ScriptedSupervisor, scriptedSupervisor } from "./scripted-supervisor.ts";
import { temporaryDirectory } from "./temporary.ts";

/** A gateway on a port of its own, with the environment `development` whose orchestrator is scripted. */
export interface GatewayRig {
  readonly url: string;
  readonly port: number;
  readonly gateway: Gateway;
  readonly supervisor: ScriptedSupervisor;
  readonly orchestrator: ScriptedOrchestrator;
  readonly dataDirectory: string;
  /** Lines that were logged as warnings or errors. */
  readonly complaints: readonly string[];
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** A WebSocket of an agent, open. */
  agent(environment?: string): Promise<TestSocket>;
  /** A WebSocket of a subscriber, open. */
  subscriber(environment?: string): Promise<TestSocket>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A client's WebSocket with everything it heard. */
export interface TestSocket {
  readonly socket: WebSocket;
  readonly messages: readonly Buffer[];
  /** Waits for the message at this position (from 0). */
  message(position: number): Promise<Buffer>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

export const E = "/api/projects/default/environments/development";

export interface RigOptions {
  readonly host?: string;
  readonly connectionLimit?: number;
  readonly clock?: Clock;
  readonly timers?: Timers;
}

export async function startGatewayRig(options: RigOptions = {}): Promise<GatewayRig> {
  const directory = await temporaryDirectory();
  const complaints: string[] = [];
  const orchestrator = scriptedOrchestrator(`${directory.path}/development.sock`);
  await orchestrator.start();
  const supervisor = scriptedSupervisor();
  supervisor.add("development", { socketPath: orchestrator.socketPath });
  const gateway = createGateway({
    supervisor,
    clock: options.clock ?? realClock,
    timers: options.timers ?? realTimers,
    random: seededRandom(1),
    log: complaintsOnly(complaints),
    dataDirectory: directory.path,
    host: options.host ?? "127.0.0.1",
    connectionLimit: options.connectionLimit ?? 1_000,
    connect: (socketPath) => connect(socketPath),
  });
  gateway.server.listen(0, "127.0.0.1");
  await once(gateway.server, "listening");
  const { port } = gateway.server.address() as AddressInfo; // Of a TCP server it is one.
  const url = `http://127.0.0.1:${port}`;
  const open = async (path: string, protocols: string[]): Promise<TestSocket> => {
    const client = watch(new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols));
    await once(client.socket, "open");
    return client;
  };

  return {
    url,
    port,
    gateway,
    supervisor,
    orchestrator,
    dataDirectory: directory.path,
    complaints,
    async call(method, path, body, headers = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.includes("json") ?? false;
      return {
        status: response.status,
        headers: response.headers,
        body: isJson && text !== "" ? JSON.parse(text) : text,
      };
    },
    agent: (environment = "development") =>
      open(`/agent?project=default&environment=${encodeURIComponent(environment)}`, [AGENT_SUBPROTOCOL]),
    subscriber: (environment = "development") =>
      open(`/api/projects/default/environments/${encodeURIComponent(environment)}/topics`, []),
    async close() {
      await gateway.drain(200);
      await orchestrator.kill();
      await directory.remove();
    },
  };
}

/** Collects what a client's socket hears, from before it is open. */
export function watch(socket: WebSocket): TestSocket {
  const messages: Buffer[] = [];
  const waiting = new Set<() => void>();
  socket.on("message", (data) => {
    messages.push(data as Buffer); // `nodebuffer` is the default.
    for (const look of waiting) look();
  });
  socket.on("error", () => undefined);
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() })),
  );
  return {
    socket,
    messages,
    closed,
    message: (position) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = messages[position];
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

function complaintsOnly(complaints: string[]): Log {
  const complain = (fields: object, message: string): void =>
    void complaints.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: () => undefined, info: () => undefined, warn: complain, error: complain, child: () => log };
  return log;
}
