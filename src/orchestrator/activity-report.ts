import type { Cancel, Clock, Ms, Timers } from "../base/clock.ts";
import type { ChildMessage } from "../protocol/supervisor-messages.ts";
import type { Activity } from "./engine.ts";
import { ACTIVITY_INTERVAL_MS } from "./limits.ts";

type ActivityMessage = Extract<ChildMessage, { readonly kind: "activity" }>;

/** What the environment has to do, and for whom. */
export interface Occupation extends Activity {
  /** Clients that wait for results, and subscriptions. */
  readonly clients: number;
}

export interface ActivityReportParts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** 0: never idle. */
  readonly idleTimeoutMs: Ms;
  readonly occupation: () => Occupation;
  readonly send: (message: ActivityMessage) => void;
}

export interface ActivityReport {
  /** Something was executed or asked for, or somebody came or left. */
  touch(): void;
  stop(): void;
}

/**
 * Tells the supervisor whether the process is needed: what is true at the start at once, a change within ACTIVITY_INTERVAL_MS. It is idle when for
 * the whole idle timeout nothing was asked of it, no session lived, no client waited or subscribed, and nothing was due within as long again.
 */
export function createActivityReport(parts: ActivityReportParts): ActivityReport {
  const { clock, timers, idleTimeoutMs, occupation, send } = parts;
  let lastOccupiedAt = clock.monotonic();
  let lastSent = "";
  let isLookSoon = false;
  let cancelLook: Cancel = () => undefined;

  const look = (): void => {
    isLookSoon = false;
    cancelLook();
    const found = occupation();
    const now = clock.monotonic();
    const isFree = !isOccupied(found, idleTimeoutMs, clock.now());
    if (!isFree) lastOccupiedAt = now;
    const idleInMs = idleTimeoutMs === 0 ? Infinity : lastOccupiedAt + idleTimeoutMs - now;
    report(found, idleInMs <= 0);
    // While it is occupied only a touch can change that; otherwise nothing may happen at all until it is idle.
    if (isFree && idleInMs > 0 && idleInMs < Infinity) cancelLook = timers.after(idleInMs, look);
  };

  /** The moment to come back counts only for a process that may be stopped. */
  const report = ({ state, nextDueAt }: Occupation, isIdle: boolean): void => {
    const isPaused = state === "paused";
    const news = JSON.stringify([isIdle, isPaused, isIdle ? nextDueAt : null]);
    if (news === lastSent) return;
    lastSent = news;
    send({ kind: "activity", isIdle, nextWakeAt: nextDueAt, isPaused });
  };

  look();
  return {
    touch() {
      lastOccupiedAt = clock.monotonic();
      if (isLookSoon) return;
      isLookSoon = true;
      cancelLook();
      cancelLook = timers.after(ACTIVITY_INTERVAL_MS, look);
    },
    stop: () => cancelLook(),
  };
}

/** Whether anybody needs the process, or what is due comes so soon that a stop is not worth it. */
function isOccupied({ sessions, clients, nextDueAt }: Occupation, idleTimeoutMs: Ms, now: Ms): boolean {
  return sessions > 0 || clients > 0 || (nextDueAt !== null && nextDueAt <= now + idleTimeoutMs);
}
