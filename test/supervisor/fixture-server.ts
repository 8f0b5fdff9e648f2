import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { environmentDirectory } from "../../src/protocol/supervisor-messages.ts";
import type {
  SupervisorRequestName,
  SupervisorRequestParams,
  SupervisorResults,
} from "../../src/protocol/supervisor-messages.ts";
import type { ProcessesView } from "../../src/protocol/views.ts";
import type { Limits } from "../../src/supervisor/limits.ts";
import type { SupervisorOptions } from "../../src/supervisor/main.ts";
import { bundle } from "../support/bundle.ts";
import { descendantsOf, isAlive, killHard } from "../support/process-tree.ts";

// A real supervisor in a process of its own, with small programs as its gateway and orchestrators (fixtures/).

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const programs = { gateway: fixture("gateway.mjs"), orchestrator: fixture("orchestrator.mjs") };
const bundled = bundle(fixture("server.ts"));

export type Reply<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string } };

export type FixtureOptions = Partial<Omit<SupervisorOptions, "onReady" | "limits">> & {
  readonly dataDirectory: string;
  readonly limits?: Partial<Limits>;
  readonly stopAfterReady?: boolean;
};

export type Orchestrator = ProcessesView["orchestrators"][number];

export class FixtureServer {
  readonly process: ChildProcess;
  readonly dataDirectory: string;
  readonly exit: Promise<number | null>;
  stderr = "";
  url = "";

  static async spawn(options: FixtureOptions): Promise<FixtureServer> {
    const child = spawn(
      process.execPath,
      [await bundled, JSON.stringify({ host: "127.0.0.1", port: 0, programs, ...options })],
      // Its sockets go where the test cleans up.
      { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, TMPDIR: dirname(options.dataDirectory) } },
    );
    return new FixtureServer(child, options.dataDirectory);
  }

  /** Ready when this returns. */
  static async start(options: FixtureOptions): Promise<FixtureServer> {
    const server = await FixtureServer.spawn(options);
    await Promise.race([server.ready(), server.exit.then((code) => Promise.reject(server.#refused(code)))]);
    return server;
  }

  private constructor(child: ChildProcess, dataDirectory: string) {
    this.process = child;
    this.dataDirectory = dataDirectory;
    this.exit = once(child, "exit").then(([code]) => code);
    child.stderr?.on("data", (chunk) => (this.stderr += String(chunk)));
  }

  async ready(): Promise<void> {
    while (this.url === "") {
      const [chunk] = await once(this.process.stdout ?? this.process, "data");
      this.url = String(chunk).trim();
    }
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** Asks the supervisor through the gateway. */
  async ask<N extends SupervisorRequestName>(
    name: N,
    params: SupervisorRequestParams<N>,
  ): Promise<Reply<SupervisorResults[N]>> {
    const response = await fetch(`${this.url}/${name}`, { method: "POST", body: JSON.stringify(params) });
    return JSON.parse(await response.text()) as Reply<SupervisorResults[N]>; // The gateway of the fixtures passes it on as it is.
  }

  async processes(): Promise<ProcessesView> {
    const reply = await this.ask("list-processes", {});
    if (!reply.ok) throw new Error(reply.error.message);
    return reply.value;
  }

  async orchestrator(environment = "development"): Promise<Orchestrator> {
    const found = (await this.processes()).orchestrators.find((one) => one.environment === environment);
    if (found === undefined) throw new Error(`no orchestrator of ${environment}`);
    return found;
  }

  /** Starts the orchestrator of an environment and gives its pid. */
  async ensure(environment = "development"): Promise<number> {
    const reply = await this.ask("ensure-environment", { project: "default", environment });
    if (!reply.ok) throw new Error(reply.error.message);
    const { pid } = await this.orchestrator(environment);
    if (pid === null) throw new Error(`${environment} has no process`);
    return pid;
  }

  async create(...environments: readonly string[]): Promise<void> {
    for (const environment of environments) {
      await this.ask("create-environment", { project: "default", environment, base: null });
    }
  }

  /** Says how the orchestrator of an environment behaves from its next start on. */
  async behave(environment: string, behaviour: object): Promise<void> {
    const directory = this.directoryOf(environment);
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "behaviour.json"), JSON.stringify(behaviour));
  }

  directoryOf(environment: string): string {
    return join(this.dataDirectory, environmentDirectory("default", environment));
  }

  /** Pids of the processes that have played the orchestrator, in order. */
  async starts(environment = "development"): Promise<number[]> {
    const text = await readFile(join(this.directoryOf(environment), "starts"), "utf8").catch(() => "");
    return text.split("\n").filter(Boolean).map(Number);
  }

  /** Has a running orchestrator do something. */
  async say(line: string, environment = "development"): Promise<void> {
    const reply = await this.ask("ensure-environment", { project: "default", environment });
    if (!reply.ok) throw new Error(reply.error.message);
    const socket = connect(reply.value.socketPath);
    socket.on("error", () => undefined); // What it was asked to do may end it.
    await new Promise((resolve) => socket.end(`${line}\n`, () => resolve(undefined)));
  }

  /** Everything in its log, parsed. */
  async log(): Promise<Record<string, unknown>[]> {
    const text = await readFile(join(this.dataDirectory, "logs", "server.log"), "utf8");
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>); // Lines of pino.
  }

  async children(): Promise<number[]> {
    return await descendantsOf(this.pid);
  }

  /** Ends it by whatever means. */
  async end(): Promise<void> {
    const pids = await this.children();
    killHard(this.pid);
    for (const pid of pids) killHard(pid);
    await this.exit;
    while ((await Promise.all(pids.map(isAlive))).includes(true)) await new Promise(setImmediate);
  }

  #refused(code: number | null): Error {
    return new Error(`the server ended with ${code}: ${this.stderr}`);
  }
}
