import type { Ms } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { TargetOptions } from "../../protocol/manifest.ts";

type RetryPolicy = NonNullable<TargetOptions["retries"]>;

export type NextAttempt = { readonly kind: "retry"; readonly dueAt: Ms } | { readonly kind: "give-up" };

export interface FailedAttempt {
  readonly policy: RetryPolicy | null;
  /** Consecutive failures of the step just before this one. */
  readonly failuresBefore: number;
  /** False when the author said so: `NonRetryableError`, or `when` did not want it. */
  readonly mayRetry: boolean;
  /** `RetryAfterError`: wait at least so long. */
  readonly retryAfterMs: Ms | null;
}

/** Decides whether a step is tried again after an attempt that failed, was abandoned or timed out, and when. */
export function nextAttempt(attempt: FailedAttempt, now: Ms, random: Random): NextAttempt {
  const { policy, failuresBefore, mayRetry, retryAfterMs } = attempt;
  if (policy === null || !mayRetry) return { kind: "give-up" };
  if (policy.limit !== null && failuresBefore >= policy.limit) return { kind: "give-up" };
  return { kind: "retry", dueAt: now + Math.max(backoffMs(policy, failuresBefore, random), retryAfterMs ?? 0) };
}

/** From `backoffMinMs` before the first retry to `backoffMaxMs` before the last in even steps; without a limit, anywhere between. */
function backoffMs({ limit, backoffMinMs, backoffMaxMs }: RetryPolicy, failuresBefore: number, random: Random): Ms {
  const range = backoffMaxMs - backoffMinMs;
  const share = limit === null ? random.next() : failuresBefore / Math.max(limit - 1, 1);
  return Math.round(backoffMinMs + share * range);
}
