import type { Ms } from "../base/clock.ts";
import { HARD_RSS_FACTOR, type Limits } from "./limits.ts";

export type MemoryVerdict = "fine" | "recycle" | "kill";

/** V8's heap limit does not bound buffers, so resident memory is watched besides: above the limit a restart in order, far above it a kill. */
export function memoryVerdict(rssBytes: number, limitBytes: number): MemoryVerdict {
  if (rssBytes > limitBytes * HARD_RSS_FACTOR) return "kill";
  return rssBytes > limitBytes ? "recycle" : "fine";
}

/** Since when a process has used most of a core; null while it has not. */
export type HotSince = Ms | null;

/** Takes one more sample of a process' CPU use; `isEating` once it has been hot for long. `now` is monotonic. */
export function noticeCpu(
  hotSince: HotSince,
  cpuPercent: number,
  now: Ms,
  limits: Limits,
): { readonly hotSince: HotSince; readonly isEating: boolean } {
  if (cpuPercent <= limits.hotCpuPercent) return { hotSince: null, isEating: false };
  const since = hotSince ?? now;
  return { hotSince: since, isEating: now - since >= limits.hotCpuMs };
}
