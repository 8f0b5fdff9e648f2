import type { Cancel, Ms } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import { type Result, failure, ok } from "../base/result.ts";
import type { RelayedExecutorCommand, RelayedExecutorMessage } from "../protocol/executor-messages.ts";
import { createCrashPause } from "./crash-pause.ts";
import {
  type ExecutorEnvironment,
  type ExecutorEvents,
  type ExecutorProcess,
  startExecutorProcess,
} from "./executor-process.ts";
import { type RosterDecision, createExecutorRoster } from "./executor-roster.ts";
import { EXECUTOR_PING_INTERVAL_MS, LAST_WORDS_MS, LOAD_DEADLINE_MS } from "./limits.ts";
import type { Bundle } from "./repositories/bundle.ts";
import type { LoadedManifest, WhyUnfit } from "./repositories/loaded-manifest.ts";
import { PRELUDE_COLUMNS } from "./repositories/source-prelude.ts";

// The processes in which user code runs: as many shared ones as asked for, always warm, and a fresh one for each execution that wants to be
// alone. The first executor of a new bundle is its trial: it reports what the repositories define, or is thrown away with the reason. Only
// then do the executors of the old bundle retire.

export type ExecuteCommand = Extract<RelayedExecutorCommand, { readonly kind: "execute" }>;
type AbortReason = Extract<RelayedExecutorCommand, { readonly kind: "abort" }>["reason"];
type LoadCommand = Extract<RelayedExecutorCommand, { readonly kind: "load" }>;
type ReadyMessage = Extract<RelayedExecutorMessage, { readonly kind: "ready" }>;
/** What an executor says about its executions, as against itself. */
export type ExecutionMessage = Exclude<
  RelayedExecutorMessage,
  { readonly kind: "ready" | "failed" | "evaluating" | "complained" | "pong" | "exiting" }
>;

export interface ExecutorPoolOptions {
  readonly environment: ExecutorEnvironment;
  /** How many shared executors are kept. */
  readonly size: number;
  /** What every executor is told about where it runs. */
  readonly load: Pick<LoadCommand, "project" | "environment" | "blobsUrl" | "temporaryDirectory">;
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

interface Executor {
  readonly id: number;
  readonly bundle: Bundle;
  readonly process: ExecutorProcess;
  readonly startedAt: Ms;
  /** The execution it was started for, when it is isolated. */
  readonly isolatedFor: string | null;
  isLoaded: boolean;
  /** What it printed while it loaded has been heard as well. */
  hasSettled: boolean;
  isExpectedToEnd: boolean;
  /** The source file whose evaluation began last. */
  evaluating: string | null;
  /** Why it ends, in its own words. */
  lastWords: string | null;
  readonly onLoaded: (result: Result<ReadyMessage, string>) => void;
}

export function createExecutorPool(options: ExecutorPoolOptions): ExecutorPool {
  const { clock, timers } = options.environment;
  const roster = createExecutorRoster();
  const executors = new Map<number, Executor>();
  const crashPause = createCrashPause();
  /** Shared executions for which no executor is ready and responsive. */
  let unplaced: ExecuteCommand[] = [];
  /** Isolated executions that wait until fewer processes are starting. */
  let unstarted: ExecuteCommand[] = [];
  let isolatedStarting = 0;
  let bundle: Bundle | undefined;
  let buildNumber = 0;
  let lastId = 0;
  let isClosed = false;
  let onAllGone = (): void => undefined;

  const startExecutor = (
    from: Bundle,
    build: number,
    isolatedFor: string | null,
    onLoaded: Executor["onLoaded"],
  ): Executor => {
    lastId += 1;
    const id = lastId;
    const isTrial = from !== bundle;
    const events: ExecutorEvents = {
      onMessages: (messages) => onMessages(executor, messages),
      onOutput(line) {
        if (!executor.hasSettled) return isTrial ? options.onOutput(line, true) : undefined;
        options.onOutput(line, false);
      },
      onEnd: (reason) => onEnd(executor, reason),
    };
    const executor: Executor = {
      id,
      bundle: from,
      process: startExecutorProcess(options.environment, events),
      startedAt: clock.monotonic(),
      isolatedFor,
      isLoaded: false,
      hasSettled: false,
      isExpectedToEnd: isolatedFor !== null || isTrial,
      evaluating: null,
      lastWords: null,
      onLoaded,
    };
    executors.set(id, executor);
    roster.add(id, { build, isIsolated: isolatedFor !== null });
    executor.process.send({
      kind: "load",
      bundle: from.path,
      repositories: from.repositories.map(({ name, namespace, file }) => ({ name, namespace, file })),
      preludeColumns: PRELUDE_COLUMNS,
      workingDirectory: options.environment.workingDirectory,
      isTrial,
      ...options.load,
    });
    return executor;
  };

  const kill = (executor: Executor, reason: string): void => {
    retire(executor.id);
    executor.process.kill(reason);
  };

  const dismiss = (executor: Executor): void => {
    retire(executor.id);
    executor.process.dismiss();
  };

  const onMessages = (executor: Executor, messages: readonly RelayedExecutorMessage[]): void => {
    roster.heard(executor.id);
    for (const message of messages) onMessage(executor, message);
    placeWaiting();
  };

  const onMessage = (executor: Executor, message: RelayedExecutorMessage): void => {
    switch (message.kind) {
      case "ready":
        executor.isLoaded = true;
        options.environment.endOfTurn(() => (executor.hasSettled = true));
        if (executor.isolatedFor === null) {
          executor.isExpectedToEnd = false;
          roster.ready(executor.id);
        } else startNextIsolated(-1);
        return executor.onLoaded(ok(message));
      case "failed":
        executor.lastWords = message.stack === null ? message.message : describeThrow(executor, message.stack);
        return;
      case "evaluating":
        executor.evaluating = message.file;
        return;
      case "exiting":
        executor.lastWords = `called process.exit(${message.code})${message.execution === null ? "" : ` in ${message.execution}`}`;
        return;
      case "complained":
        return executor.process.noteLastWords(message.text);
      case "pong":
        return;
      case "started":
        roster.functionStarted(message.execution, clock.monotonic());
        return options.onMessage(message);
      case "stopped":
        roster.stopped(message.execution);
        return options.onMessage(message);
      case "outcome":
        return onOutcome(executor, message);
      case "submit":
      case "await":
      case "unawait":
      case "cancel":
      case "logs":
        return options.onMessage(message);
      default:
        return exhaustive(message);
    }
  };

  /** An isolated execution has stopped when its process has ended, which it is now told to do. */
  const onOutcome = (executor: Executor, message: Extract<RelayedExecutorMessage, { kind: "outcome" }>): void => {
    const hasStopped = message.hasStopped && executor.isolatedFor === null;
    if (hasStopped) roster.stopped(message.execution);
    else roster.outcomeKnown(message.execution, clock.monotonic());
    options.onMessage({ ...message, hasStopped });
    if (message.hasStopped && !hasStopped) dismiss(executor);
  };

  const onEnd = (executor: Executor, end: string): void => {
    executors.delete(executor.id);
    const left = roster.remove(executor.id);
    const reason = executor.lastWords ?? end;
    if (!executor.isLoaded) {
      if (executor.isolatedFor !== null) startNextIsolated(-1);
      executor.onLoaded(failure(reason));
    }
    for (const { execution, hasOutcome } of left) {
      if (hasOutcome) options.onStopped(execution);
      else options.onAbandoned(execution, `its executor ${reason}`);
    }
    if (!executor.isExpectedToEnd && !isClosed) noteCrash(reason);
    replenish();
    if (executors.size === 0) onAllGone();
  };

  const noteCrash = (reason: string): void => {
    options.onExecutorEnded(reason);
    crashPause.crashed(clock.monotonic());
  };

  /** Starts what is missing of the shared executors. */
  const replenish = (): void => {
    if (bundle === undefined || isClosed || !crashPause.isOver(clock.monotonic())) return;
    while (roster.serving() < options.size) {
      startExecutor(bundle, buildNumber, null, (loaded) => {
        if (!loaded.ok && !isClosed) options.onOutput(loaded.error, false);
      });
    }
  };

  const placeWaiting = (): void => {
    while (unplaced.length > 0) {
      const id = roster.choose();
      const command = id === undefined ? undefined : unplaced.shift();
      if (id === undefined || command === undefined) return;
      roster.place(command.execution, id, command.timeoutMs);
      executors.get(id)?.process.send(command);
    }
  };

  /** Starting a process takes all of a core; many at once would only make all of them late. */
  const startNextIsolated = (change: number): void => {
    isolatedStarting += change;
    while (bundle !== undefined && isolatedStarting < options.size) {
      const command = unstarted.shift();
      if (command === undefined) return;
      isolatedStarting += 1;
      const executor = startExecutor(bundle, buildNumber, command.execution, () => undefined);
      roster.place(command.execution, executor.id, command.timeoutMs);
      executor.process.send(command);
    }
  };

  const send = (execution: string, command: RelayedExecutorCommand): void => {
    const id = roster.executorOf(execution);
    if (id !== undefined) executors.get(id)?.process.send(command);
  };

  const abort = (execution: string, reason: AbortReason, graceMs?: Ms): void => {
    roster.outcomeKnown(execution, clock.monotonic(), graceMs);
    send(execution, { kind: "abort", execution, reason });
  };

  /** It finishes what runs in it, takes nothing more, and its end is no surprise. */
  const retire = (id: number): void => {
    roster.retire(id);
    const executor = executors.get(id);
    if (executor) executor.isExpectedToEnd = true;
  };

  const decide = (decision: RosterDecision): void => {
    if (decision.kind === "timed-out") return options.onTimedOut(decision.execution);
    if (decision.kind === "blocked") return options.onBlocked(decision.executions);
    const executor = executors.get(decision.executor);
    if (executor === undefined) return;
    if (decision.kind === "kill") kill(executor, `was killed: ${decision.reason}`);
    else dismiss(executor);
  };

  const check = (): void => {
    const now = clock.monotonic();
    for (const executor of executors.values()) {
      roster.pinged(executor.id);
      executor.process.send({ kind: "ping" });
      if (!executor.isLoaded && now >= executor.startedAt + LOAD_DEADLINE_MS) kill(executor, describeHang(executor));
    }
    for (const decision of roster.check(now)) decide(decision);
    replenish();
    placeWaiting();
    cancelCheck = timers.after(EXECUTOR_PING_INTERVAL_MS, check);
  };
  let cancelCheck: Cancel = timers.after(EXECUTOR_PING_INTERVAL_MS, check);

  return {
    async use(next, whyUnfit) {
      const build = buildNumber + 1;
      let trial: Executor | undefined;
      const loaded = await new Promise<Result<ReadyMessage, string>>((resolve) => {
        trial = startExecutor(next, build, null, resolve);
      });
      if (!loaded.ok) return loaded;
      const manifests = manifestsOf(next, loaded.value);
      const unfit = whyUnfit(manifests);
      if (unfit !== undefined) {
        if (trial) dismiss(trial);
        return failure(unfit);
      }
      bundle = next;
      buildNumber = build;
      roster.useBuild(build);
      crashPause.reset();
      replenish();
      placeWaiting();
      return ok(manifests);
    },
    start(command) {
      if (command.isolation === "process") {
        unstarted.push(command);
        startNextIsolated(0);
      } else {
        unplaced.push(command);
        placeWaiting();
      }
    },
    send,
    abort(execution, reason) {
      const wasWaiting = unplaced.length + unstarted.length;
      unplaced = unplaced.filter((command) => command.execution !== execution);
      unstarted = unstarted.filter((command) => command.execution !== execution);
      if (unplaced.length + unstarted.length < wasWaiting) return options.onStopped(execution);
      abort(execution, reason);
    },
    setWaiting: (execution, isWaiting) => roster.setWaiting(execution, isWaiting),
    stopBusy(withinMs) {
      const given = [...unplaced, ...unstarted];
      unplaced = [];
      unstarted = [];
      for (const { execution } of given) options.onStopped(execution);
      for (const [id, running] of roster.running()) {
        if (running.length > 0) retire(id);
        for (const execution of running) abort(execution, "abandoned", withinMs);
      }
      replenish();
    },
    async close() {
      isClosed = true;
      cancelCheck();
      const gone = new Promise<void>((resolve) => (onAllGone = resolve));
      if (executors.size === 0) onAllGone();
      for (const executor of executors.values()) dismiss(executor);
      const cancelKill = timers.after(LAST_WORDS_MS, () => {
        for (const executor of executors.values()) kill(executor, "was killed: the agent ends");
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

function describeThrow({ evaluating, isLoaded }: Executor, stack: string): string {
  return evaluating === null || isLoaded ? stack : `${evaluating} could not be loaded:\n${stack}`;
}

function describeHang({ evaluating }: Executor): string {
  const seconds = LOAD_DEADLINE_MS / 1_000;
  if (evaluating === null)
    return `did not load within ${seconds} s: it was still importing the packages that your code imports`;
  return `did not load within ${seconds} s: it was still evaluating ${evaluating}; move what takes long, or waits, out of the top level of that file`;
}
