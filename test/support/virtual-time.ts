import type { Cancel, Clock, Ms, Timers } from "../../src/base/clock.ts";

/** Time that moves only when a test says so. */
export interface VirtualTime {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Moves both clocks; what falls due on the way happens at its moment, in order. */
  advance(ms: Ms): void;
  /** Sets the wall clock, as an operator or NTP would; timers do not notice. */
  setWallClock(now: Ms): void;
  /** Moves the clocks past what is due without letting it happen before the end: the process stood still. */
  stall(ms: Ms): void;
  /** How many timers are armed. */
  pending(): number;
}

interface Timer {
  readonly at: Ms;
  readonly run: () => void;
}

export function virtualTime(wallClock: Ms = 1_000_000): VirtualTime {
  const armed = new Set<Timer>();
  let monotonic = 0;
  let offset = wallClock;

  const nextBefore = (end: Ms): Timer | undefined => {
    const due = [...armed].filter(({ at }) => at <= end);
    return due.reduce<Timer | undefined>(
      (first, timer) => (first === undefined || timer.at < first.at ? timer : first),
      undefined,
    );
  };

  const advanceTo = (end: Ms, isStall: boolean): void => {
    if (isStall) monotonic = end;
    for (let next = nextBefore(end); next !== undefined; next = nextBefore(end)) {
      armed.delete(next);
      monotonic = Math.max(monotonic, next.at);
      next.run();
    }
    monotonic = end;
  };

  return {
    clock: { now: () => offset + monotonic, monotonic: () => monotonic },
    timers: {
      after(delayMs, run): Cancel {
        const timer = { at: monotonic + Math.max(0, delayMs), run };
        armed.add(timer);
        return () => armed.delete(timer);
      },
    },
    advance: (ms) => advanceTo(monotonic + ms, false),
    setWallClock(now) {
      offset = now - monotonic;
    },
    stall: (ms) => advanceTo(monotonic + ms, true),
    pending: () => armed.size,
  };
}
