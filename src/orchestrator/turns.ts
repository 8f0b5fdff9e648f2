import type { Ms, Timers } from "../base/clock.ts";

export interface TurnsParts<T> {
  readonly timers: Pick<Timers, "after">;
  /** How much of the time turns may take together: after each comes a pause. */
  readonly share: number;
  /** Does what there is to do, and says how long it took. */
  readonly take: (item: T) => Promise<Ms>;
}

/** One after the other, in the order in which they asked. */
export interface Turns<T> {
  /** Its turn comes after those that wait already; one that waits waits on. */
  add(item: T): void;
  remove(item: T): void;
}

export function createTurns<T>({ timers, share, take }: TurnsParts<T>): Turns<T> {
  const waiting = new Set<T>();
  let isBusy = false; // With a turn, or the pause after it.

  const next = (): void => {
    const [item] = waiting;
    if (isBusy || item === undefined) return;
    waiting.delete(item);
    isBusy = true;
    void take(item).then((costMs) => {
      const pauseMs = costMs / share - costMs;
      if (pauseMs < LEAST_PAUSE_MS) release();
      else timers.after(pauseMs, release);
    });
  };

  const release = (): void => {
    isBusy = false;
    next();
  };

  return {
    add(item) {
      waiting.add(item);
      next();
    },
    remove: (item) => void waiting.delete(item),
  };
}

/** No timer is as short. */
const LEAST_PAUSE_MS = 1;
