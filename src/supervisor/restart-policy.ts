import { doublingDelayMs } from "../base/backoff.ts";
import type { Ms } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { FatalCode } from "../protocol/supervisor-messages.ts";
import type { Limits } from "./limits.ts";

/** What is remembered of the ends of one child. Each child has its own: one that crashes costs the others nothing. */
export interface RestartHistory {
  /** Restarts since it was last ready for long. */
  readonly restarts: number;
  /** Starts that failed within the window: the process ended before it was ready, or by its own fault soon after. */
  readonly failedStarts: readonly { readonly at: Ms; readonly fatal: FatalCode | null }[];
}

/** How a process ended that was meant to go on. */
export interface UnwantedEnd {
  /** How long it had been ready; null when it never was: then its start has failed. */
  readonly readyMs: Ms | null;
  readonly fatal: FatalCode | null;
  /** It crashed or had to be killed; nobody else ended it. */
  readonly isOwnFault: boolean;
}

export type RestartDecision =
  | { readonly kind: "restart"; readonly delayMs: Ms }
  | { readonly kind: "quarantine"; readonly reason: string; readonly fatal: FatalCode | null };

export const noHistory: RestartHistory = { restarts: 0, failedStarts: [] };

/** Ends that no restart can cure: somebody has to look. */
const incurable: Partial<Record<FatalCode, string>> = {
  corrupt_database: "its database is corrupt",
  newer_schema: "its database was written by a newer version",
  history_regressed: "its database has lost what was acknowledged",
};

/** A disk that fails a second time is not asked a third time. */
const STORAGE_FAILURES = 2;

/** Decides what follows the unwanted end of a child: a restart, and when, or quarantine. `now` is monotonic. */
export function decideRestart(
  history: RestartHistory,
  end: UnwantedEnd,
  now: Ms,
  limits: Limits,
  random: Random,
): { readonly history: RestartHistory; readonly decision: RestartDecision } {
  const wasReadyForLong = end.readyMs !== null && end.readyMs >= limits.resetAfterReadyMs;
  const restarts = wasReadyForLong ? 0 : history.restarts;
  const remembered = history.failedStarts.filter(({ at }) => now - at < limits.failedStartsWindowMs);
  const hasFailed = end.readyMs === null || end.fatal === "storage_failed" || (end.isOwnFault && !wasReadyForLong);
  const failedStarts = hasFailed ? [...remembered, { at: now, fatal: end.fatal }] : remembered;

  const reason = reasonToGiveUp(failedStarts, end.fatal, limits);
  if (reason !== undefined) return { history: noHistory, decision: { kind: "quarantine", reason, fatal: end.fatal } };
  return {
    history: { restarts: restarts + 1, failedStarts },
    decision: { kind: "restart", delayMs: delayMs(restarts, limits, random) },
  };
}

function reasonToGiveUp(
  failedStarts: RestartHistory["failedStarts"],
  fatal: FatalCode | null,
  limits: Limits,
): string | undefined {
  if (fatal !== null && incurable[fatal] !== undefined) return incurable[fatal];
  const storageFailures = failedStarts.filter((start) => start.fatal === "storage_failed").length;
  if (storageFailures >= STORAGE_FAILURES) return `its storage failed ${storageFailures} times`;
  if (failedStarts.length < limits.failedStarts) return undefined;
  return `${failedStarts.length} starts failed within ${limits.failedStartsWindowMs / 60_000} minutes`;
}

function delayMs(restarts: number, limits: Limits, random: Random): Ms {
  if (restarts === 0) return 0;
  const middleMs = doublingDelayMs(limits.firstBackoffMs, limits.longestBackoffMs, restarts - 1);
  return Math.round(middleMs * (1 + limits.backoffJitter * (2 * random.next() - 1)));
}
