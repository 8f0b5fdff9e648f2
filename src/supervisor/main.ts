import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createChanges } from "../base/changes.ts";
import { type Result, failure, ok } from "../base/result.ts";
import { deathSignal } from "../process/death-signal.ts";
import { type Log, createLog } from "../process/log.ts";
import { realClock, realRandom, realTimers } from "../process/real-clock.ts";
import { type Scope, createScope } from "../process/scope.ts";
import { installedSqliteFault } from "../process/sqlite-runtime.ts";
import { LEASE_MS } from "../protocol/limits.ts";
import { type ServerExitCode, type ServerOptions, serverExitCodes } from "../protocol/server-run.ts";
import type { Programs } from "./child-specs.ts";
import { openDataDirectory } from "./data-directory.ts";
import {
  CLOSE_MS,
  DEFAULT_HEAP_LIMIT_MB,
  DEFAULT_IDLE_TIMEOUT_MS,
  DEFAULT_RSS_LIMIT_MB,
  type Limits,
  ORPHANS_END_MS,
  defaultLimits,
} from "./limits.ts";
import { type ListeningSocket, bindPatiently, bindSocket, resolveHost } from "./listening-socket.ts";
import { openLog } from "./log-files.ts";
import { openRegistry } from "./registry.ts";
import { openRuntimeDirectory } from "./runtime-directory.ts";
import { allOf, terminalLog } from "./server-log.ts";
import { createSpawnQueue } from "./spawn-queue.ts";
import { type Ending, listenForAbort, listenForSignals } from "./stop-requests.ts";
import { Supervisor } from "./supervisor.ts";

export interface SupervisorOptions extends ServerOptions {
  /** Other programs as children, and other limits: for tests. */
  readonly programs?: Programs;
  readonly limits?: Partial<Limits>;
}

interface Refusal {
  readonly exit: ServerExitCode;
  readonly message: string;
}

const defaultPrograms: Programs = {
  gateway: fileURLToPath(new URL("../gateway/main.js", import.meta.url)), // src/gateway/main.ts
  orchestrator: fileURLToPath(new URL("../orchestrator/main.js", import.meta.url)), // src/orchestrator/main.ts
};

/** Runs the server in this process until it is stopped. Says what happens on stderr; gives the exit code. */
export async function runSupervisor(options: SupervisorOptions): Promise<ServerExitCode> {
  process.stderr.on("error", () => undefined); // Whoever read it has gone; the log file has it all.
  process.umask(0o077); // Nothing the server makes is for other users: databases, logs, sockets.
  const scope = createScope(realTimers);
  const exit = await serve(options, scope);
  await scope.close(CLOSE_MS);
  return exit;
}

async function serve(options: SupervisorOptions, scope: Scope): Promise<ServerExitCode> {
  const leastLevel = options.stop === undefined ? "info" : "warn";
  const terminal = terminalLog((line) => process.stderr.write(line), realClock, leastLevel);
  const stop = options.stop === undefined ? listenForSignals(scope) : listenForAbort(options.stop);
  const opened = await openServer(options, scope, terminal);
  if (!opened.ok) {
    process.stderr.write(`error: ${opened.error.message}\n`);
    return opened.error.exit;
  }
  const { supervisor, socket, log, gatewayLost } = opened.value;

  const announce = async (): Promise<void> => {
    const started = await supervisor.start();
    if (!started.ok) return; // Either it is being stopped, or the gateway is lost.
    log.info({ url: socket.url }, `listening on ${socket.url}`);
    options.onReady(socket.url);
  };
  void announce();
  const why = await Promise.race([stop.first, gatewayLost]);
  log.info({ reason: why.reason }, `stopping: ${why.reason}`);
  const stopped = supervisor.stop().then(() => why.exit);
  return await Promise.race([
    stopped,
    stop.second.then(({ exit }) => {
      supervisor.kill();
      return exit;
    }),
  ]);
}

interface Opened {
  readonly supervisor: Supervisor;
  readonly socket: ListeningSocket;
  readonly log: Log;
  readonly gatewayLost: Promise<Ending>;
}

/** Opens what a server needs, one after the other; the scope closes it again, in the reverse order. */
async function openServer(options: SupervisorOptions, scope: Scope, terminal: Log): Promise<Result<Opened, Refusal>> {
  const refuse = (exit: ServerExitCode, message: string) => failure({ exit, message });
  const limits = { ...defaultLimits, ...options.limits };
  const dataDirectory = resolve(options.dataDirectory);

  const unfit = installedSqliteFault();
  if (unfit !== undefined) return refuse(serverExitCodes.failed, unfit);
  const address = await resolveHost(options.host);
  if (!address.ok) return refuse(serverExitCodes.usage, address.error);
  if (!address.value.isLoopback && options.allowsOpenAddress !== true) {
    return refuse(serverExitCodes.usage, openAddress(options.host));
  }
  // Before anything is made: a server that cannot have its port leaves no data behind.
  const hasData = existsSync(join(dataDirectory, "registry.db"));
  const socket = await bindPatiently(
    () => bindSocket(address.value, options.port),
    hasData ? ORPHANS_END_MS : 0,
    realTimers,
  );
  if (socket.ok) scope.defer("socket", () => socket.value.close());
  else if (!hasData) return refuse(serverExitCodes.conflict, cannotBind(options, socket.error));
  // That the data has a server already says more than that the port is taken.
  const directory = openDataDirectory(dataDirectory);
  if (!directory.ok) return refuse(serverExitCodes.conflict, directory.error);
  scope.defer("data directory", () => directory.value.release());
  if (!socket.ok) return refuse(serverExitCodes.conflict, cannotBind(options, socket.error));

  const log = allOf(createLog({ process: "supervisor" }, openLog(directory.value.logPath)), terminal);
  process.on("uncaughtExceptionMonitor", (error) => log.error({ stack: error.stack }, `a bug: ${error.message}`));
  const registry = openRegistry(directory.value.registryPath);
  if (!registry.ok) return refuse(serverExitCodes.failed, registry.error);
  scope.defer("registry", () => registry.value.close());

  const runtime = openRuntimeDirectory(dataDirectory);
  if (!runtime.ok) return refuse(serverExitCodes.failed, runtime.error);
  scope.defer("runtime directory", () => runtime.value.remove());

  if (deathSignal().length === 0) log.info({}, "without setpriv: a child that hangs outlives a server that is killed");
  let loseGateway = (_ending: Ending): void => undefined;
  const gatewayLost = new Promise<Ending>((done) => (loseGateway = done));
  const supervisor = new Supervisor({
    clock: realClock,
    timers: realTimers,
    random: realRandom,
    limits,
    log,
    spawns: createSpawnQueue(limits.spawnsAtOnce, limits.spawnSlotMs, realTimers),
    changes: createChanges(realTimers),
    deathSignal: deathSignal(),
    registry: registry.value,
    runtime: runtime.value,
    socket: socket.value,
    host: options.host,
    dataDirectory,
    logPath: directory.value.logPath,
    programs: options.programs ?? defaultPrograms,
    settings: {
      idleTimeoutMs: options.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS,
      leaseMs: options.sessionLeaseMs ?? LEASE_MS,
      heapLimitMb: options.heapLimitMb ?? DEFAULT_HEAP_LIMIT_MB,
      rssLimitMb: options.rssLimitMb ?? DEFAULT_RSS_LIMIT_MB,
    },
    onGatewayLost: (reason) => loseGateway({ reason: `there is no gateway: ${reason}`, exit: serverExitCodes.failed }),
  });
  return ok({ supervisor, socket: socket.value, log, gatewayLost });
}

function openAddress(host: string): string {
  return (
    `${host} can be reached by others, and this server asks nobody for a token: listen on 127.0.0.1, ` +
    "or say --no-auth if everybody who reaches the address may do everything"
  );
}

function cannotBind({ host, port }: ServerOptions, code: string): string {
  if (code === "EADDRINUSE")
    return `port ${port} of ${host} is in use: stop what uses it, or choose another with --port`;
  if (code === "EACCES")
    return `port ${port} of ${host} is not allowed to this user: choose one above 1023 with --port`;
  return `cannot listen on ${host}, port ${port}: ${code}`;
}
