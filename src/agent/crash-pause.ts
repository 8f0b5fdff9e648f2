import { doublingDelayMs } from "../base/backoff.ts";
import type { Ms } from "../base/clock.ts";
import { EXECUTOR_RESTART_FIRST_MS, EXECUTOR_RESTART_LIMIT_MS, EXECUTOR_RESTART_RESET_MS } from "./limits.ts";

/** When executors may be started: the first crash changes nothing, those that follow soon make for longer and longer pauses. */
export interface CrashPause {
  crashed(now: Ms): void;
  /** Other code: what crashed before says nothing about it. */
  reset(): void;
  isOver(now: Ms): boolean;
}

export function createCrashPause(): CrashPause {
  let crashes = 0;
  let lastCrashAt: Ms = -Infinity;
  let overAt: Ms = -Infinity;
  return {
    crashed(now) {
      crashes = now - lastCrashAt > EXECUTOR_RESTART_RESET_MS ? 1 : crashes + 1;
      lastCrashAt = now;
      const pause = (): Ms => doublingDelayMs(EXECUTOR_RESTART_FIRST_MS, EXECUTOR_RESTART_LIMIT_MS, crashes - 2);
      overAt = crashes === 1 ? now : now + pause();
    },
    reset() {
      crashes = 0;
      overAt = -Infinity;
    },
    isOver: (now) => now >= overAt,
  };
}
