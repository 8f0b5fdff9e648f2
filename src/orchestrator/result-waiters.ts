import type { Cancel, Ms, Timers } from "../base/clock.ts";
import { RESULT_WAITERS } from "./limits.ts";

export interface ResultWish {
  readonly run: string;
  readonly limitMs: Ms;
  readonly answer: () => void;
}

/** Clients that wait for the results of runs. */
export interface ResultWaiters {
  /** Calls `answer` once: when the run is final or when the time is up. False when too many wait already: then it is never called. */
  wait(waiter: number, wish: ResultWish): boolean;
  /** Nobody waits any more. */
  forget(waiter: number): void;
  forgetAll(): void;
  /** The run has a result. */
  final(run: string): void;
  count(): number;
}

interface Waiter {
  readonly run: string;
  readonly answer: () => void;
  readonly cancelTimer: Cancel;
}

export function createResultWaiters(timers: Timers): ResultWaiters {
  const waiters = new Map<number, Waiter>();
  const byRun = new Map<string, Set<number>>();

  const take = (id: number): Waiter | undefined => {
    const waiter = waiters.get(id);
    if (waiter === undefined) return undefined;
    waiters.delete(id);
    waiter.cancelTimer();
    const others = byRun.get(waiter.run);
    others?.delete(id);
    if (others?.size === 0) byRun.delete(waiter.run);
    return waiter;
  };

  return {
    wait(id, { run, limitMs, answer }) {
      if (waiters.size >= RESULT_WAITERS) return false;
      const cancelTimer = timers.after(limitMs, () => take(id)?.answer());
      waiters.set(id, { run, answer, cancelTimer });
      byRun.set(run, (byRun.get(run) ?? new Set()).add(id));
      return true;
    },
    forget: (id) => void take(id),
    forgetAll() {
      for (const id of waiters.keys()) take(id);
    },
    final(run) {
      for (const id of byRun.get(run) ?? []) take(id)?.answer();
    },
    count: () => waiters.size,
  };
}
