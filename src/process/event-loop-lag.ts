import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Ms } from "../base/clock.ts";

/** A tick of Node's own, without JavaScript: twenty a second cost an idle process nothing that could be measured. */
const RESOLUTION_MS = 50;

/** Measures how late this process' event loop runs. The function gives the longest delay since it was last called. */
export function watchEventLoop(): () => Ms {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return () => {
    const longestMs = histogram.max / 1e6; // Counts from tick to tick, so the pause that was wanted is part of it.
    histogram.reset();
    return Math.max(0, Math.round(longestMs - RESOLUTION_MS));
  };
}
