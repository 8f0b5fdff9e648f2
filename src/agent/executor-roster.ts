import type { Ms } from "../base/clock.ts";
import { ABORT_GRACE_MS } from "../protocol/limits.ts";
import { LONG_BLOCK_PONGS, MISSED_PONGS_LIMIT, TIMEOUT_SLACK_MS } from "./limits.ts";

// Which executors there are and what runs in each; decides who gets new work and who must end. Knows no processes and no clock.
//
//   starting --ready-----> ready --retire--> retired (no new work; ends when empty, and its end is no surprise)
//   on-trial --useBuild--> ready
//
// One that has not loaded its code in time must end, retired or not.
// An executor whose event loop answers no ping is blocked: it gets nothing new. An execution that was asked to stop (aborted, timed out) and
// has not within the grace takes its process with it if the process is its own, or blocked for long. Otherwise the others in there must not suffer: the
// executor is retired, replaced, and killed as soon as nothing but such leftovers runs in it.

export interface ExecutorFacts {
  /** Executors of another build than the current one are retired. */
  readonly build: number;
  /** It runs one execution only, and ends with it. */
  readonly isIsolated: boolean;
  /** It is the first of its build: it may fail to load, and gets no work before its build is used. */
  readonly isTrial: boolean;
  /** When its code must be loaded. */
  readonly loadBy: Ms;
}

export type RosterDecision =
  /** It has nothing more to do: let it end by itself. */
  | { readonly kind: "dismiss"; readonly executor: number }
  | { readonly kind: "kill"; readonly executor: number; readonly reason: string }
  /** It has not loaded in time, and must end as well. */
  | { readonly kind: "hung"; readonly executor: number }
  /** Told once each time: its event loop is blocked, while these run in it. */
  | { readonly kind: "blocked"; readonly executor: number; readonly executions: readonly string[] }
  /** The executor's own timer did not fire, because its event loop is blocked. */
  | { readonly kind: "timed-out"; readonly execution: string };

/** What an executor that has ended leaves behind. */
export interface Leftover {
  readonly execution: string;
  /** Its outcome is known already; only its code had not stopped. */
  readonly hasOutcome: boolean;
}

interface Executor extends ExecutorFacts {
  readonly id: number;
  readonly executions: Set<string>;
  state: "starting" | "on-trial" | "ready" | "retired";
  isLoaded: boolean;
  /** Executions in it that wait for others. */
  waiting: number;
  /** Pings without an answer. */
  missedPongs: number;
  isKnownToBlock: boolean;
}

interface Placement {
  readonly execution: string;
  readonly executor: Executor;
  readonly timeoutMs: Ms | null;
  /** When its function began; never, until that is heard. */
  startedAt: Ms;
  hasOutcome: boolean;
  isWaiting: boolean;
  /** Its code must have stopped by then. */
  stopBy: Ms;
}

export interface ExecutorRoster {
  add(executor: number, facts: ExecutorFacts): void;
  /** It has loaded its code. */
  ready(executor: number): void;
  /** A ping goes out; it stays missed until the executor is heard. */
  pinged(executor: number): void;
  heard(executor: number): void;
  /** It is about to end: no new work. */
  retire(executor: number): void;
  /** Its end says nothing against the code. */
  isExpectedToEnd(executor: number): boolean;
  /** Its trial is over and gets work; all executors of other builds retire. */
  useBuild(build: number): void;
  /**
   * The shared executor for a new execution: the least loaded one that is ready and responsive; among equals the one in which fewest wait, so
   * that what is called and blocks its process does not take its caller along.
   */
  choose(): number | undefined;
  place(execution: string, executor: number, timeoutMs: Ms | null): void;
  executorOf(execution: string): number | undefined;
  functionStarted(execution: string, now: Ms): void;
  /** Waiting executions do not count as load. */
  setWaiting(execution: string, isWaiting: boolean): void;
  /** Its outcome is known; its code gets the grace to stop, or less. */
  outcomeKnown(execution: string, now: Ms, graceMs?: Ms): void;
  /** Its code has stopped. */
  stopped(execution: string): void;
  /** The process is gone. */
  remove(executor: number): readonly Leftover[];
  /** What has to be done now; `kill`, `hung` and `dismiss` are said again at every look until the process is gone. */
  check(now: Ms): readonly RosterDecision[];
  /** Shared executors that take work, or will when they have started. */
  serving(): number;
  /** What runs, by executor. */
  running(): ReadonlyMap<number, readonly string[]>;
}

export function createExecutorRoster(): ExecutorRoster {
  const executors = new Map<number, Executor>();
  const placements = new Map<string, Placement>();
  /** Placements with a time limit of any kind: only these are looked at as time passes. */
  const watched = new Set<Placement>();

  const isBlocked = (executor: Executor): boolean => executor.missedPongs >= MISSED_PONGS_LIMIT;
  const load = (executor: Executor): number => executor.executions.size - executor.waiting;
  const isBetter = (one: Executor, other: Executor): boolean =>
    load(one) < load(other) || (load(one) === load(other) && one.waiting < other.waiting);

  const forget = (placement: Placement): void => {
    const { executor, execution } = placement;
    if (placement.isWaiting) executor.waiting -= 1;
    executor.executions.delete(execution);
    placements.delete(execution);
    watched.delete(placement);
  };

  const isOverdue = (execution: string, now: Ms): boolean => now >= (placements.get(execution)?.stopBy ?? Infinity);

  const checkPlacement = (placement: Placement, now: Ms): RosterDecision[] => {
    const { executor, execution, timeoutMs } = placement;
    if (!placement.hasOutcome && timeoutMs !== null && now >= placement.startedAt + timeoutMs + TIMEOUT_SLACK_MS) {
      placement.hasOutcome = true;
      placement.stopBy = now + ABORT_GRACE_MS;
      return [{ kind: "timed-out", execution }];
    }
    if (now < placement.stopBy) return [];
    const graceText = `${execution} did not stop in time when it was asked to`;
    if (executor.isIsolated) return [{ kind: "kill", executor: executor.id, reason: graceText }];
    if (!isBlocked(executor)) {
      executor.state = "retired";
      return [];
    }
    // Who blocks it cannot be told: another one may, for a moment, and is not to be lost for what this one does.
    const isAlone = [...executor.executions].every((other) => isOverdue(other, now));
    if (!isAlone && executor.missedPongs < LONG_BLOCK_PONGS) return [];
    return [{ kind: "kill", executor: executor.id, reason: `${graceText}, and the event loop was blocked` }];
  };

  const checkBlocked = (executor: Executor): RosterDecision[] => {
    if (!isBlocked(executor) || executor.isKnownToBlock || executor.executions.size === 0) return [];
    executor.isKnownToBlock = true;
    return [{ kind: "blocked", executor: executor.id, executions: [...executor.executions] }];
  };

  const checkRetired = (executor: Executor, now: Ms): RosterDecision[] => {
    if (executor.executions.size === 0) return [{ kind: "dismiss", executor: executor.id }];
    if (![...executor.executions].every((execution) => isOverdue(execution, now))) return [];
    return [{ kind: "kill", executor: executor.id, reason: "nothing ran in it any more but what would not stop" }];
  };

  return {
    add(id, facts) {
      const fresh = { isLoaded: false, waiting: 0, missedPongs: 0, isKnownToBlock: false };
      const state = facts.isTrial ? "on-trial" : "starting";
      executors.set(id, { id, ...facts, ...fresh, state, executions: new Set() });
    },
    ready(id) {
      const executor = executors.get(id);
      if (executor === undefined) return;
      executor.isLoaded = true;
      if (executor.state === "starting") executor.state = "ready";
    },
    pinged(id) {
      const executor = executors.get(id);
      if (executor) executor.missedPongs += 1;
    },
    heard(id) {
      const executor = executors.get(id);
      if (executor === undefined) return;
      executor.missedPongs = 0;
      executor.isKnownToBlock = false;
    },
    retire(id) {
      const executor = executors.get(id);
      if (executor) executor.state = "retired";
    },
    isExpectedToEnd(id) {
      const executor = executors.get(id);
      if (executor === undefined || executor.isIsolated || executor.state === "retired") return true;
      return executor.state === "on-trial" && !executor.isLoaded;
    },
    useBuild(build) {
      for (const executor of executors.values()) {
        if (executor.isIsolated) continue;
        if (executor.build !== build) executor.state = "retired";
        else if (executor.state === "on-trial") executor.state = "ready";
      }
    },
    choose() {
      let best: Executor | undefined;
      for (const executor of executors.values()) {
        if (executor.state !== "ready" || executor.isIsolated || isBlocked(executor)) continue;
        if (best === undefined || isBetter(executor, best)) best = executor;
      }
      return best?.id;
    },
    place(execution, id, timeoutMs) {
      const executor = executors.get(id);
      if (!executor) throw new Error(`there is no executor ${id}`);
      const open = { hasOutcome: false, isWaiting: false, stopBy: Infinity };
      const placement: Placement = { execution, executor, timeoutMs, startedAt: Infinity, ...open };
      executor.executions.add(execution);
      placements.set(execution, placement);
      if (timeoutMs !== null) watched.add(placement);
    },
    executorOf: (execution) => placements.get(execution)?.executor.id,
    functionStarted(execution, now) {
      const placement = placements.get(execution);
      if (placement) placement.startedAt = now;
    },
    setWaiting(execution, isWaiting) {
      const placement = placements.get(execution);
      if (!placement || placement.isWaiting === isWaiting) return;
      placement.isWaiting = isWaiting;
      placement.executor.waiting += isWaiting ? 1 : -1;
    },
    outcomeKnown(execution, now, graceMs = ABORT_GRACE_MS) {
      const placement = placements.get(execution);
      if (!placement) return;
      placement.hasOutcome = true;
      placement.stopBy = Math.min(placement.stopBy, now + graceMs);
      watched.add(placement);
    },
    stopped(execution) {
      const placement = placements.get(execution);
      if (placement) forget(placement);
    },
    remove(id) {
      const executor = executors.get(id);
      executors.delete(id);
      const left = [...(executor?.executions ?? [])].flatMap((execution) => placements.get(execution) ?? []);
      for (const placement of left) forget(placement);
      return left.map(({ execution, hasOutcome }) => ({ execution, hasOutcome }));
    },
    check(now) {
      const overdue = [...watched].flatMap((placement) => checkPlacement(placement, now));
      const all = [...executors.values()];
      const hung = all.filter(({ isLoaded, loadBy }) => !isLoaded && now >= loadBy);
      const retired = all.filter(({ state, isIsolated }) => state === "retired" && !isIsolated);
      return [
        ...hung.map(({ id }) => ({ kind: "hung", executor: id }) as const),
        ...overdue,
        ...all.flatMap(checkBlocked),
        ...retired.flatMap((executor) => checkRetired(executor, now)),
      ];
    },
    serving: () =>
      [...executors.values()].filter(
        ({ state, isIsolated }) => !isIsolated && (state === "starting" || state === "ready"),
      ).length,
    running: () => new Map([...executors.values()].map(({ id, executions }) => [id, [...executions]])),
  };
}
