import { resolve } from "node:path";
import type { Cancel, Clock, Timers } from "../base/clock.ts";
import { formatDuration } from "../base/duration.ts";
import type { Random } from "../base/random.ts";
import { type AgentEvent, type AgentExitCode, type AgentOptions, agentExitCodes } from "../protocol/agent-run.ts";
import type { Manifest } from "../protocol/manifest.ts";
import { PRODUCT_VERSION } from "../protocol/version.ts";
import { type Executions, createExecutions } from "./executions.ts";
import { type ExecutorPool, createExecutorPool } from "./executor-pool.ts";
import { DEFAULT_CONCURRENCY, DRAIN_TIMEOUT_MS, FAREWELL_MS, STOP_GRACE_MS } from "./limits.ts";
import { createBuilder } from "./repositories/build.ts";
import { reportBroken, reportLoaded } from "./repositories/load-report.ts";
import { type Loaded, createRepositoryLoader } from "./repositories/repository-loader.ts";
import { watchSources } from "./repositories/watch.ts";
import { type Session, createSession } from "./session.ts";

// Puts the parts of an agent together: what the session hears goes to the executions, what these need goes to the executors, and what those
// say goes back. Decides only when to leave:
//
//   loading --first good load--> working --drain--> draining --all ended and acknowledged--> left
//      | broken, not watching       |                  | abort, or time over: everything is stopped
//      +----------------------------+------------------+--> left

/** What an agent takes from the process it runs in. */
export interface AgentWorld {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly endOfTurn: (run: () => void) => void;
  readonly workingDirectory: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly host: string;
  readonly pid: number;
  readonly node: string;
  readonly cores: number;
  /** A directory for this agent alone; whoever made it removes it. */
  readonly temporaryDirectory: string;
  /** The bundle of src/executor/main.ts, and where that of the SDK lies. */
  readonly executorEntry: string;
  readonly sdkDirectory: string;
}

export interface Agent {
  /** Resolves when the agent has left and nothing of it runs any more. */
  readonly ended: Promise<AgentExitCode>;
  /** Takes nothing more, finishes what runs, then leaves. */
  drain(): void;
  /** Stops what runs, reports it as abandoned, then leaves. */
  abort(): void;
}

/** Resolves after the first load, good or not. */
export async function startAgent(options: AgentOptions, world: AgentWorld): Promise<Agent> {
  const { clock, timers } = world;
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
  const place = `${options.project}/${options.environment} at ${options.url}`;
  const tell = (kind: AgentEvent["kind"], level: AgentEvent["level"], text: string): void =>
    options.onEvent({ kind, level, text });

  let manifests: readonly Manifest[] | undefined;
  let isDisconnected = false;
  let leaving: "no" | "draining" | "aborting" | "left" = "no";
  let cancelDeadline: Cancel = () => undefined;
  let resolveEnded: (code: AgentExitCode) => void = () => undefined;
  const ended = new Promise<AgentExitCode>((resolveWith) => (resolveEnded = resolveWith));

  const pool: ExecutorPool = createExecutorPool({
    environment: { ...world, entry: world.executorEntry },
    size: options.executors ?? world.cores,
    load: {
      project: options.project,
      environment: options.environment,
      blobsUrl: blobsUrl(options),
      temporaryDirectory: world.temporaryDirectory,
    },
    onMessage: (message) => executions.relay(message),
    onAbandoned: (execution, reason) => executions.abandoned(execution, reason),
    onStopped: (execution) => executions.stopped(execution),
    onTimedOut: (execution) => executions.timedOut(execution),
    onOutput: (line) => tell("output", "info", line),
    onBlocked: (running) => tell("executor_blocked", "warning", describeBlocked(running)),
    onExecutorEnded: (reason) => tell("executor_ended", "error", `an executor ${reason}`),
  });

  const executions: Executions = createExecutions({
    concurrency,
    pool,
    post: (message) => session.post(message),
    outboxBytes: () => session.outboxBytes(),
    onOverload: (isOverloaded) =>
      isOverloaded
        ? tell("overloaded", "warning", "the server does not keep up: no new work is started until it does")
        : tell("overloaded", "info", "the server has caught up: work is started again"),
  });

  const session: Session = createSession({
    ...world,
    url: socketUrl(options),
    identity: { pid: world.pid, host: world.host, version: PRODUCT_VERSION, node: world.node },
    onCommand: (command) => (command.kind === "drain" ? drain() : executions.take(command)),
    onConnected(id, isNew) {
      declare();
      if (leaving !== "no") session.post({ kind: "draining" });
      if (isNew || isDisconnected) tell("connected", "info", `connected to ${place} as ${id}`);
      isDisconnected = false;
    },
    onDisconnected(reason) {
      if (!isDisconnected) tell("disconnected", "warning", `not connected: ${reason}; trying again until it works`);
      isDisconnected = true;
    },
    onLost(reason) {
      tell("session_lost", "warning", `the server has given up this agent's session (${reason}): what ran is stopped`);
      executions.forgetAll();
    },
    onFence: (silentMs, withinMs) =>
      executions.stopAll(`the agent had no contact with the server for ${formatDuration(silentMs)}`, withinMs),
    onGiveUp(reason) {
      tell("not_found", "error", reason);
      leave(agentExitCodes.notFound);
    },
    onTurn() {
      executions.checkLoad();
      leaveIfDone();
    },
  });

  const declare = (): void => {
    if (manifests === undefined) return;
    session.post({ kind: "declare", concurrency, provides: options.provides ?? {}, repositories: manifests });
  };

  const drain = (): void => {
    if (leaving !== "no") return;
    leaving = "draining";
    const timeoutMs = options.drainTimeoutMs ?? DRAIN_TIMEOUT_MS;
    const count = executions.count();
    const what = count === 1 ? "1 execution" : `${count} executions`;
    const wait = `waiting for ${what}, at most ${formatDuration(timeoutMs)}; a second signal aborts`;
    tell("draining", "info", count === 0 ? "draining: nothing runs" : `draining: ${wait}`);
    session.post({ kind: "draining" });
    cancelDeadline = timers.after(timeoutMs, abort);
    leaveIfDone();
  };

  const abort = (): void => {
    if (leaving === "aborting" || leaving === "left") return;
    leaving = "aborting";
    cancelDeadline();
    executions.stopAll("the agent was stopped", STOP_GRACE_MS);
    cancelDeadline = timers.after(FAREWELL_MS, () => leave(agentExitCodes.aborted));
    leaveIfDone();
  };

  const leaveIfDone = (): void => {
    if (leaving === "no" || executions.count() > 0 || !session.isSettled()) return;
    leave(leaving === "draining" ? agentExitCodes.drained : agentExitCodes.aborted);
  };

  const leave = (code: AgentExitCode): void => {
    if (leaving === "left") return;
    leaving = "left";
    cancelDeadline();
    session.close();
    watcher?.close();
    void Promise.allSettled([pool.close(), builder.dispose()]).then(() => resolveEnded(code));
  };

  const watcher = options.watch === true ? watchSources(timers, () => void loader.load()) : undefined;
  const builder = await createBuilder({
    repositories: options.repositories,
    workingDirectory: world.workingDirectory,
    directory: world.temporaryDirectory,
    sdk: { directory: world.sdkDirectory },
  });
  const loader = createRepositoryLoader({
    clock,
    builder,
    use: (bundle) => pool.use(bundle),
    watcher,
    named: options.repositories.map(({ path }) => resolve(world.workingDirectory, path)),
    onLoaded(loaded: Loaded) {
      if (leaving === "left") return;
      const isFirst = manifests === undefined;
      manifests = loaded.manifests.map(({ manifest }) => manifest);
      for (const event of reportLoaded(loaded)) options.onEvent(event);
      if (isFirst) session.open();
      else declare();
    },
    onBroken(error, isFirst) {
      if (leaving === "left") return;
      options.onEvent(reportBroken(error, isFirst));
      if (isFirst && watcher === undefined) leave(agentExitCodes.broken);
    },
  });

  await loader.load();
  return { ended, drain, abort };
}

function describeBlocked(running: readonly string[]): string {
  const shown = running.slice(0, 5).join(", ") + (running.length > 5 ? ` and ${running.length - 5} others` : "");
  return `the event loop of an executor is blocked, so it gets no new work; it runs ${shown}`;
}

function blobsUrl({ url, project, environment }: AgentOptions): string {
  return `${withoutSlash(url)}/api/projects/${project}/environments/${encodeURIComponent(environment)}/blobs`;
}

function socketUrl({ url, project, environment }: AgentOptions): string {
  const query = new URLSearchParams({ project, environment });
  return `${withoutSlash(url).replace(/^http/, "ws")}/agent?${query.toString()}`;
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
