import type { Ms } from "./clock.ts";
import type { Random } from "./random.ts";

/** Exponential delay without jitter: `firstMs`, doubled with every attempt (from 0), at most `limitMs`. */
export function doublingDelayMs(firstMs: Ms, limitMs: Ms, attempt: number): Ms {
  return Math.min(limitMs, firstMs * 2 ** Math.min(attempt, 52));
}

/** Full jitter: uniform between `firstMs` and the doubled ceiling, so that many clients do not come back together. */
export function jitteredDelayMs(firstMs: Ms, limitMs: Ms, attempt: number, random: Random): Ms {
  const ceiling = doublingDelayMs(firstMs, limitMs, attempt);
  return Math.round(firstMs + random.next() * (ceiling - firstMs));
}
