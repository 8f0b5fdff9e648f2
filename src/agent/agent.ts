import type { Clock, Ms, Timers } from "../base/clock.ts";
import { formatDuration } from "../base/duration.ts";
import type { Random } from "../base/random.ts";
import { agentAddress, environmentPath, httpAddress } from "../protocol/addresses.ts";
import { type AgentEvent, type AgentExitCode, type AgentOptions, agentExitCodes } from "../protocol/agent-run.ts";
import type { Manifest } from "../protocol/manifest.ts";
import { PRODUCT_VERSION } from "../protocol/version.ts";
import { createDeparture } from "./departure.ts";
import { type Executions, createExecutions } from "./executions.ts";
import { type ExecutorPool, createExecutorPool } from "./executor-pool.ts";
import { DEFAULT_CONCURRENCY, DRAIN_TIMEOUT_MS, STOP_GRACE_MS } from "./limits.ts";
import { openHosting } from "./repositories/hosting.ts";
import { type Session, createSession } from "./session.ts";

// Puts the parts of an agent together: what the session hears goes to the executions, what these need goes to the executors, and what those
// say goes back. It connects when there is a first version of its repositories that can be loaded.

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
  /** Finishes what runs, with what that calls, then leaves. */
  drain(): void;
  /** Stops what runs, reports it as abandoned, then leaves. */
  abort(): void;
}

/** Resolves after the first load, good or not. */
export async function startAgent(options: AgentOptions, world: AgentWorld): Promise<Agent> {
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
  const drainTimeoutMs = options.drainTimeoutMs ?? DRAIN_TIMEOUT_MS;
  const place = `${options.project}/${options.environment} at ${options.url}`;
  const tell = (kind: AgentEvent["kind"], level: AgentEvent["level"], text: string): void =>
    options.onEvent({ kind, level, text });

  let manifests: readonly Manifest[] | undefined;
  let isDisconnected = false;
  let resolveEnded: (code: AgentExitCode) => void = () => undefined;
  const ended = new Promise<AgentExitCode>((resolve) => (resolveEnded = resolve));

  const pool: ExecutorPool = createExecutorPool({
    world: { ...world, entry: world.executorEntry },
    size: options.executors ?? world.cores,
    load: {
      project: options.project,
      environment: options.environment,
      blobsUrl: httpAddress(options.url, `${environmentPath(options)}/blobs`),
      temporaryDirectory: world.temporaryDirectory,
    },
    onMessage: (message) => executions.relay(message),
    onAbandoned: (execution, reason) => executions.abandoned(execution, reason),
    onStopped: (execution) => executions.stopped(execution),
    onTimedOut: (execution) => executions.timedOut(execution),
    onOutput: (line, isLoading) => tell("output", "info", `${isLoading ? "while loading" : "executor"}: ${line}`),
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
    url: agentAddress(options),
    identity: { pid: world.pid, host: world.host, version: PRODUCT_VERSION, node: world.node },
    onCommand: (command) => (command.kind === "drain" ? departure.drain() : executions.take(command)),
    onConnected(id, isNew) {
      declare();
      if (departure.isLeaving()) session.post({ kind: "draining" });
      if (isNew || isDisconnected) tell("connected", "info", `connected to ${place} as ${id}`);
      isDisconnected = false;
    },
    onDisconnected(reason) {
      if (!isDisconnected) {
        tell("disconnected", "warning", `not connected to ${place}: ${reason}; trying again until it works`);
      }
      isDisconnected = true;
    },
    onLost(reason) {
      tell("session_lost", "warning", `the server has given up this agent's session (${reason}): what ran is stopped`);
      executions.forgetAll();
    },
    onFence: (silentMs, withinMs) =>
      executions.stopAll(`the agent had no contact with the server for ${formatDuration(silentMs)}`, withinMs),
    onGiveUp({ code, reason }) {
      options.onEvent({ kind: "not_found", level: "error", text: reason, code });
      departure.leave(agentExitCodes.notFound);
    },
    onTurn() {
      executions.checkLoad();
      departure.leaveIfDone();
    },
  });

  const declare = (): void => {
    const repositories = manifests ?? [];
    session.post({ kind: "declare", concurrency, provides: options.provides ?? {}, repositories });
  };

  const departure = createDeparture({
    timers: world.timers,
    drainTimeoutMs,
    isDone: () => executions.count() === 0 && session.isSettled(),
    onDrain() {
      tell("draining", "info", describeDrain(executions.count(), drainTimeoutMs));
      session.post({ kind: "draining" });
    },
    onAbort: () => executions.stopAll("the agent was stopped", STOP_GRACE_MS),
    onLeave(code) {
      session.close();
      void Promise.allSettled([pool.close(), opening.then((hosting) => hosting.close())]).then(() =>
        resolveEnded(code),
      );
    },
  });

  const opening = openHosting({
    ...world,
    repositories: options.repositories,
    isWatching: options.watch === true,
    use: (bundle, whyUnfit) => pool.use(bundle, whyUnfit),
    onManifests(loaded) {
      const isFirst = manifests === undefined;
      manifests = loaded;
      if (isFirst) session.open();
      else declare();
    },
    onHopeless: () => departure.leave(agentExitCodes.broken),
    onEvent(event) {
      if (!departure.hasLeft()) options.onEvent(event);
    },
  });

  const hosting = await opening;
  await hosting.load();
  return { ended, drain: () => departure.drain(), abort: () => departure.abort() };
}

function describeBlocked(running: readonly string[]): string {
  const shown = running.slice(0, 5).join(", ") + (running.length > 5 ? ` and ${running.length - 5} others` : "");
  return `the event loop of an executor is blocked, so it gets no new work; it runs ${shown}`;
}

function describeDrain(count: number, timeoutMs: Ms): string {
  if (count === 0) return "draining: nothing runs";
  const what = count === 1 ? "1 execution" : `${count} executions`;
  return `draining: waiting for ${what}, at most ${formatDuration(timeoutMs)}; a second signal aborts`;
}
