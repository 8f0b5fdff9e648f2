import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { LEASE_MS } from "../../src/protocol/limits.ts";
import {
  type ChildMessage,
  type OrchestratorConfig,
  type SupervisorMessage,
  childMessage,
} from "../../src/protocol/supervisor-messages.ts";
import { type Arrivals, arrivals } from "./arrivals.ts";
import { type ScriptedGateway, scriptedGateway } from "./scripted-gateway.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The orchestrator of the sources as they are now, as the build lays it out. Gives the path of its program. */
export async function buildOrchestrator(): Promise<string> {
  const cache = join(root, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, "orchestrator-build-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  await build({
    entryPoints: {
      main: join(root, "src/orchestrator/main.ts"),
      "reader-worker": join(root, "src/orchestrator/reader-worker.ts"),
    },
    outdir: directory,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    logLevel: "warning",
  });
  cpSync(join(root, "src/orchestrator/store/migrations"), join(directory, "migrations"), { recursive: true });
  return join(directory, "main.js");
}

/** An orchestrator process, seen by its supervisor and by a gateway. */
export interface OrchestratorProcess {
  readonly pid: number;
  readonly messages: Arrivals<ChildMessage>;
  /** Waits for `ready`; gives the epoch. */
  ready(): Promise<number>;
  gateway(): Promise<ScriptedGateway>;
  send(message: SupervisorMessage): void;
  /** Closes the lifecycle channel, as the end of the supervisor would. */
  abandon(): void;
  kill(signal: NodeJS.Signals): void;
  /** The exit code, or the signal. */
  readonly exit: Promise<number | string>;
  log(): string;
}

export function startOrchestrator(
  program: string,
  directory: string,
  config: Partial<OrchestratorConfig> = {},
): OrchestratorProcess {
  const socketPath = join(directory, "o.sock");
  const whole: OrchestratorConfig = {
    project: "default",
    environment: "development",
    directory,
    socketPath,
    idleTimeoutMs: 0,
    leaseMs: LEASE_MS,
    isArchived: false,
    ...config,
  };
  const child: ChildProcess = spawn(process.execPath, [program, "--config", JSON.stringify(whole)], {
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  const messages = arrivals<ChildMessage>("message of the orchestrator");
  let written = "";
  child.on("message", (message) => messages.add(childMessage.parse(message)));
  child.stderr?.on("data", (chunk) => (written += String(chunk)));
  return {
    pid: child.pid ?? -1,
    messages,
    async ready() {
      const isReady = (message: ChildMessage): message is ChildMessage & { kind: "ready" } => message.kind === "ready";
      const { epoch } = await messages.nextThat(isReady);
      return epoch ?? -1;
    },
    async gateway() {
      const socket = connect(socketPath);
      await once(socket, "connect");
      return scriptedGateway(socket);
    },
    send: (message) => void child.send(message),
    abandon: () => child.disconnect(),
    kill: (signal) => void child.kill(signal),
    exit: once(child, "exit").then(([code, signal]: unknown[]) => (typeof code === "number" ? code : String(signal))),
    log: () => written,
  };
}
