import { fileURLToPath } from "node:url";
import { type Started, startCoflux } from "./coflux.ts";
import { eventually } from "./eventually.ts";
import { temporaryDirectory } from "./temporary.ts";
import type { AgentsView, ProcessesView, RunView } from "../../src/protocol/views.ts";

const STOP_DEADLINE_MS = 20_000;
const flows = fileURLToPath(new URL("../e2e/flows.ts", import.meta.url));

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface TestServer {
  readonly url: string;
  readonly dataDirectory: string;
  readonly pid: number;
  readonly process: Started;
  /** One API request: JSON in and out. */
  api<T = unknown>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer<T>>;
  processes(): Promise<ProcessesView>;
  /** Ends it with SIGTERM (or the given signal) and waits; the data directory stays. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same data directory and the same port, however it ended. */
  restart(): Promise<TestServer>;
  /** Stops it if it runs, and removes its data. */
  remove(): Promise<void>;
}

export interface ServerOptions {
  readonly flags?: readonly string[];
  readonly dataDirectory?: string;
  readonly port?: number;
}

/** A server of its own: own port, own data directory. Ready when this returns. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  if (options.dataDirectory !== undefined) return await startOn(options.dataDirectory, options, undefined);
  const temporary = await temporaryDirectory();
  return await startOn(`${temporary.path}/data`, options, temporary);
}

/** The data is removed with the last server that is started on it, if it was made for these. */
async function startOn(
  dataDirectory: string,
  options: ServerOptions,
  temporary: Awaited<ReturnType<typeof temporaryDirectory>> | undefined,
): Promise<TestServer> {
  const port = String(options.port ?? 0);
  const started = startCoflux([
    "server",
    "start",
    "--port",
    port,
    "--data-dir",
    dataDirectory,
    ...(options.flags ?? []),
  ]);
  const [, url] = await started.line(/(http:\/\/127\.0\.0\.1:\d+)/);
  if (url === undefined) throw new Error("the server printed no address");

  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<void> => {
    started.process.kill(signal);
    const timer = setTimeout(() => started.process.kill("SIGKILL"), STOP_DEADLINE_MS);
    await started.finished;
    clearTimeout(timer);
  };

  const api = async <T>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer<T>> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    // What the documented API answers is what the tests are about; they check it themselves.
    return { status: response.status, headers: response.headers, body: (text === "" ? null : JSON.parse(text)) as T };
  };

  return {
    url,
    dataDirectory,
    pid: started.pid,
    process: started,
    api,
    stop,
    processes: async () => (await api<ProcessesView>("GET", "/api/processes")).body,
    restart: () => startOn(dataDirectory, { ...options, port: Number(new URL(url).port) }, temporary),
    remove: async () => {
      await stop();
      await temporary?.remove();
    },
  };
}

export interface TestAgent {
  readonly pid: number;
  readonly process: Started;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface AgentOptions {
  readonly environment?: string;
  readonly project?: string;
  readonly flags?: readonly string[];
  /** What it hosts, as on the command line. Default: the flows of the end-to-end tests as repository `flows`. */
  readonly repositories?: readonly string[];
  /** Where it connects to, if not to the server itself (a proxy). */
  readonly url?: string;
  readonly environmentVariables?: Readonly<Record<string, string>>;
}

/** An agent in a process of its own; connected and declared when this returns. */
export async function startAgent(server: TestServer, options: AgentOptions = {}): Promise<TestAgent> {
  const environment = options.environment ?? "development";
  const project = options.project ?? "default";
  const before = new Set(await sessions(server, project, environment));
  const repositories = options.repositories ?? [`flows=${flows}`];
  const flags = ["--url", options.url ?? server.url, "-p", project, "-e", environment, ...(options.flags ?? [])];
  const started = startCoflux(["agent", "start", ...repositories, ...flags], {
    environment: options.environmentVariables ?? {},
  });
  const failed = started.finished.then(({ code, stderr }) => {
    throw new Error(`the agent ended with ${code}:\n${stderr}`);
  });
  failed.catch(() => undefined); // Of interest only while it starts.
  await Promise.race([
    failed,
    eventually("the agent connects", async () =>
      (await sessions(server, project, environment)).some((id) => !before.has(id)),
    ),
  ]);
  return {
    pid: started.pid,
    process: started,
    async stop(signal = "SIGTERM") {
      started.process.kill(signal);
      const timer = setTimeout(() => started.process.kill("SIGKILL"), STOP_DEADLINE_MS);
      await started.finished;
      clearTimeout(timer);
    },
  };
}

/** Sessions of the connected agents that have declared what they host. */
async function sessions(server: TestServer, project: string, environment: string): Promise<string[]> {
  const path = `${environmentPath(environment, project)}/agents`;
  const { body } = await server.api<AgentsView>("GET", path);
  return body.agents
    .filter((agent) => agent.connected && agent.repositories.length > 0)
    .map((agent) => agent.sessionId);
}

/** `E` of the API. */
export function environmentPath(environment = "development", project = "default"): string {
  return `/api/projects/${project}/environments/${encodeURIComponent(environment)}`;
}

export async function startRun(
  server: TestServer,
  target: string,
  runArguments: readonly unknown[] = [],
  more: object = {},
): Promise<string> {
  const { status, body } = await server.api<{ runId: string }>("POST", `${environmentPath()}/runs`, {
    target: `flows/${target}`,
    arguments: runArguments,
    ...more,
  });
  if (status !== 201) throw new Error(`the run was refused: ${status} ${JSON.stringify(body)}`);
  return body.runId;
}

/** The result of a run; waits as long as it takes. */
export async function resultOf(server: TestServer, run: string): Promise<Record<string, unknown>> {
  for (;;) {
    const { status, body } = await server.api<Record<string, unknown>>(
      "GET",
      `${environmentPath()}/runs/${run}/result?waitMs=10000`,
    );
    if (status !== 200) throw new Error(`no result: ${status} ${JSON.stringify(body)}`);
    if (body["status"] !== "pending") return body;
  }
}

export async function viewOf(server: TestServer, run: string): Promise<RunView> {
  return (await server.api<RunView>("GET", `${environmentPath()}/runs/${run}`)).body;
}
