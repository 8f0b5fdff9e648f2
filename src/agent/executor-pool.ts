import type { Cancel, Ms } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import { type Result, failure, ok } from "../base/result.ts";
import type { RelayedExecutorCommand, RelayedExecutorMessage } from "../protocol/executor-messages.ts";
import { createCrashPause } from "./crash-pause.ts";
import {
  type ExecuteCommand,
  type ExecutionMessage,
  type Executor,
  type LoadSettings,
  type ReadyMessage,
  startExecutor,
} from "./executor.ts";
import type { ExecutorWorld } from "./executor-process.ts";
import { type RosterDecision, createExecutorRoster } from "./executor-roster.ts";
import { createIsolatedStarts } from "./isolated-starts.ts";
import { EXECUTOR_PING_INTERVAL_MS, LAST_WORDS_MS, LOAD_DEADLINE_MS } from "./limits.ts";
import type { Bundle } from "./repositories/bundle.ts";
import type { LoadedManifest, WhyUnfit } from "./repositories/loaded-manifest.ts";

// The processes in which user code runs: as many shared ones as asked for, always warm, and a fresh one for each execution that wants to be
// alone. The first executor of a new bundle is its trial: it reports what the repositories define, or is thrown away with the reason. Only
// then do the executors of the old bundle retire.

type AbortReason = Extract<RelayedExecutorCommand, { readonly kind: "abort" }>["reason"];

export interface ExecutorPoolParts {
  readonly world: ExecutorWorld;
  /** How many shared executors are kept. */
  readonly size: number;
  readonly load: LoadSettings;
  onMessage(message: ExecutionMessage): void;
  /** Its executor is gone, and its outcome was not known. */
  onAbandoned(execution: string, reason: string): void;
  /** Its outcome was known, and now its code has stopped too. */
  onStopped(execution: string): void;
  /** Its time is over, and its executor could not say so. */
  onTimedOut(execution: string): void;
  /** What was printed outside of any execution; when it was while the code was loaded, only of the first executor that loads it. */
  onOutput(line: string, isLoading: boolean): void;
  /** The event loop of an executor is blocked, while these run in it. */
  onBlocked(executions: readonly string[]): void;
  /** A shared executor ended that should not have. */
  onExecutorEnded(reason: string): void;
}

export interface ExecutorPool {
  /**
   * Loads a bundle, and uses it from now on if that succeeds and nothing speaks against what it defines; otherwise says why not, and nothing
   * has changed.
   */
  use(bundle: Bundle, whyUnfit: WhyUnfit): Promise<Result<readonly LoadedManifest[], string>>;
  /** Starts an execution in an executor that is free to take it, as soon as there is one. */
  start(command: ExecuteCommand): void;
  /** Hands a message to the executor in which this execution runs; drops it when there is none. */
  send(execution: string, command: RelayedExecutorCommand): void;
  /** Asks the code of an execution to stop; its outcome is known. */
  abort(execution: string, reason: AbortReason): void;
  setWaiting(execution: string, isWaiting: boolean): void;
  /** Everything that runs has to stop: its outcome is known. What does not within this time is killed. New work goes to new executors. */
  stopBusy(withinMs: Ms): void;
  /** Ends all executors for good; resolves when they are gone. */
  close(): Promise<void>;
}

/** Code, and its number among all that were tried. */
interface Build {
  readonly bundle: Bundle;
  readonly number: number;
}

interface Member extends Executor {
  readonly id: number;
  /** It runs one execution only, and ends with it. */
  readonly isIsolated: boolean;
}

export function createExecutorPool(parts: ExecutorPoolParts): ExecutorPool {
  const { clock, timers } = parts.world;
  const roster = createExecutorRoster();
  const members = new Map<number, Member>();
  const crashPause = createCrashPause();
  const isolated = createIsolatedStarts(parts.size, (command) => startIsolated(command));
  /** Shared executions for which no executor is ready and responsive. */
  let unplaced: ExecuteCommand[] = [];
  let inUse: Build | undefined;
  let lastId = 0;
  let isClosed = false;
  let onAllGone = (): void => undefined;

  const start = (
    build: Build,
    isIsolated: boolean,
    onLoaded: (result: Result<ReadyMessage, string>) => void,
  ): Member => {
    lastId += 1;
    const id = lastId;
    const isTrial = build !== inUse;
    const executor = startExecutor({
      world: parts.world,
      bundle: build.bundle,
      load: parts.load,
      isTrial,
      onMessages(messages) {
        roster.heard(id);
        for (const message of messages) take(member, message);
        placeWaiting();
      },
      onLoaded(result) {
        if (result.ok) roster.ready(id);
        onLoaded(result);
      },
      onOutput: (line, isLoading) => parts.onOutput(line, isLoading),
      onEnd: (reason) => ended(id, reason),
    });
    const member: Member = { ...executor, id, isIsolated };
    members.set(id, member);
    const loadBy = clock.monotonic() + LOAD_DEADLINE_MS;
    roster.add(id, { build: build.number, isIsolated, isTrial, loadBy });
    return member;
  };

  const take = (from: Member, message: RelayedExecutorMessage): void => {
    switch (message.kind) {
      case "started":
        roster.functionStarted(message.execution, clock.monotonic());
        return parts.onMessage(message);
      case "stopped":
        roster.stopped(message.execution);
        return parts.onMessage(message);
      case "outcome":
        return takeOutcome(from, message);
      case "submit":
      case "await":
      case "unawait":
      case "cancel":
      case "logs":
        return parts.onMessage(message);
      case "ready":
      case "failed":
      case "evaluating":
      case "complained":
      case "exiting":
      case "pong":
        return from.note(message);
      default:
        return exhaustive(message);
    }
  };

  /** An isolated execution has stopped when its process has ended, which it is now told to do. */
  const takeOutcome = (from: Member, message: Extract<RelayedExecutorMessage, { kind: "outcome" }>): void => {
    const hasStopped = message.hasStopped && !from.isIsolated;
    if (hasStopped) roster.stopped(message.execution);
    else roster.outcomeKnown(message.execution, clock.monotonic());
    parts.onMessage({ ...message, hasStopped });
    if (message.hasStopped && !hasStopped) dismiss(from);
  };

  const ended = (id: number, reason: string): void => {
    const isSurprise = !roster.isExpectedToEnd(id) && !isClosed;
    members.delete(id);
    for (const { execution, hasOutcome } of roster.remove(id)) {
      if (hasOutcome) parts.onStopped(execution);
      else parts.onAbandoned(execution, `its executor ${reason}`);
    }
    if (isSurprise) {
      parts.onExecutorEnded(reason);
      crashPause.crashed(clock.monotonic());
    }
    replenish();
    if (members.size === 0) onAllGone();
  };

  const kill = (member: Member, reason: string): void => {
    roster.retire(member.id);
    member.kill(reason);
  };

  const dismiss = (member: Member): void => {
    roster.retire(member.id);
    member.dismiss();
  };

  /** Starts what is missing of the shared executors. */
  const replenish = (): void => {
    if (inUse === undefined || isClosed || !crashPause.isOver(clock.monotonic())) return;
    while (roster.serving() < parts.size) {
      start(inUse, false, (loaded) => {
        if (!loaded.ok && !isClosed) parts.onOutput(loaded.error, false);
      });
    }
  };

  const place = (command: ExecuteCommand, member: Member): void => {
    roster.place(command.execution, member.id, command.timeoutMs);
    member.send(command);
  };

  const placeWaiting = (): void => {
    while (unplaced.length > 0) {
      const id = roster.choose();
      const member = id === undefined ? undefined : members.get(id);
      const command = member && unplaced.shift();
      if (member === undefined || command === undefined) return;
      place(command, member);
    }
  };

  const startIsolated = (command: ExecuteCommand): void => {
    if (inUse === undefined) throw new Error(`${command.execution} was given before any code was loaded`);
    place(
      command,
      start(inUse, true, () => isolated.settled()),
    );
  };

  /** Takes back what has not reached an executor yet. */
  const withdraw = (isMeant: (command: ExecuteCommand) => boolean): readonly ExecuteCommand[] => {
    const withdrawn = unplaced.filter(isMeant);
    unplaced = unplaced.filter((command) => !isMeant(command));
    return [...withdrawn, ...isolated.withdraw(isMeant)];
  };

  const send = (execution: string, command: RelayedExecutorCommand): void => {
    const id = roster.executorOf(execution);
    if (id !== undefined) members.get(id)?.send(command);
  };

  const abort = (execution: string, reason: AbortReason, graceMs?: Ms): void => {
    roster.outcomeKnown(execution, clock.monotonic(), graceMs);
    send(execution, { kind: "abort", execution, reason });
  };

  const perform = (decision: RosterDecision): void => {
    if (decision.kind === "timed-out") return parts.onTimedOut(decision.execution);
    if (decision.kind === "blocked") return parts.onBlocked(decision.executions);
    const member = members.get(decision.executor);
    if (member === undefined) return;
    switch (decision.kind) {
      case "dismiss":
        return dismiss(member);
      case "kill":
        return kill(member, `was killed: ${decision.reason}`);
      case "hung":
        return kill(member, member.describeHang());
      default:
        return exhaustive(decision);
    }
  };

  const check = (): void => {
    for (const member of members.values()) {
      roster.pinged(member.id);
      member.send({ kind: "ping" });
    }
    for (const decision of roster.check(clock.monotonic())) perform(decision);
    replenish();
    placeWaiting();
    cancelCheck = timers.after(EXECUTOR_PING_INTERVAL_MS, check);
  };
  let cancelCheck: Cancel = timers.after(EXECUTOR_PING_INTERVAL_MS, check);

  return {
    async use(bundle, whyUnfit) {
      const build: Build = { bundle, number: (inUse?.number ?? 0) + 1 };
      let trial: Member | undefined;
      const loaded = await new Promise<Result<ReadyMessage, string>>((resolve) => {
        trial = start(build, false, resolve);
      });
      if (!loaded.ok) return loaded;
      const manifests = manifestsOf(bundle, loaded.value);
      const unfit = whyUnfit(manifests);
      if (unfit !== undefined) {
        if (trial) dismiss(trial);
        return failure(unfit);
      }
      inUse = build;
      roster.useBuild(build.number);
      crashPause.reset();
      replenish();
      placeWaiting();
      return ok(manifests);
    },
    start(command) {
      if (command.isolation === "process") return isolated.add(command);
      unplaced.push(command);
      placeWaiting();
    },
    send,
    abort(execution, reason) {
      if (withdraw((command) => command.execution === execution).length > 0) return parts.onStopped(execution);
      abort(execution, reason);
    },
    setWaiting: (execution, isWaiting) => roster.setWaiting(execution, isWaiting),
    stopBusy(withinMs) {
      for (const { execution } of withdraw(() => true)) parts.onStopped(execution);
      for (const [id, running] of roster.running()) {
        if (running.length > 0) roster.retire(id);
        for (const execution of running) abort(execution, "abandoned", withinMs);
      }
      replenish();
    },
    async close() {
      isClosed = true;
      cancelCheck();
      const gone = new Promise<void>((resolve) => (onAllGone = resolve));
      if (members.size === 0) onAllGone();
      for (const member of members.values()) dismiss(member);
      const cancelKill = timers.after(LAST_WORDS_MS, () => {
        for (const member of members.values()) kill(member, "was killed: the agent ends");
      });
      await gone.finally(cancelKill);
    },
  };
}

function manifestsOf({ repositories }: Bundle, { repositories: loaded }: ReadyMessage): readonly LoadedManifest[] {
  return repositories.map(({ name, version, file }, index) => {
    const { targets, fingerprints } = loaded[index] ?? { targets: [], fingerprints: [] };
    return { file, fingerprints, manifest: { name, version, targets } };
  });
}
