import type { Ms } from "../base/clock.ts";
import { HARD_RSS_FACTOR, type Limits } from "./limits.ts";

export type MemoryVerdict = "fine" | "recycle" | "kill";

/** V8's heap limit does not bound buffers, so resident memory is watched besides: above the limit a restart in order, far above it a kill. */
export function memoryVerdict(rssBytes: number, limitBytes: number): MemoryVerdict {
  if (rssBytes > limitBytes * HARD_RSS_FACTOR) return "kill";
  return rssBytes > limitBytes ? "recycle" : "fine";
}

/** Since when a process has wanted most of a core; null while it has not. */
export type HotSince = Ms | null;

/** In percent of a core: what a process has got since the last sample, and for how long it had to wait while others ran. */
export interface CpuUse {
  readonly gotPercent: number;
  readonly queuedPercent: number;
}

/**
 * Takes one more sample of a process' CPU use; `isEating` once it has been hot for long. Who eats a machine that is full does not get a whole
 * core, so what it waited for counts as well, unless it gets so little that the others are to blame. `now` is monotonic.
 */
export function noticeCpu(
  hotSince: HotSince,
  { gotPercent, queuedPercent }: CpuUse,
  now: Ms,
  limits: Limits,
): { readonly hotSince: HotSince; readonly isEating: boolean } {
  const isHot = gotPercent + queuedPercent > limits.hotCpuPercent && gotPercent > limits.hotCpuLeastPercent;
  if (!isHot) return { hotSince: null, isEating: false };
  const since = hotSince ?? now;
  return { hotSince: since, isEating: now - since >= limits.hotCpuMs };
}
