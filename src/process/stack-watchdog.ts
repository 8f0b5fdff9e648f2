import { Worker } from "node:worker_threads";
import type { Timers } from "../base/clock.ts";

// While the event loop of this process is blocked, nothing in it can say where. A worker thread can: it watches a counter that the loop moves
// on, and when that stands still it looks at the main thread's stack through the inspector. The counter's cells: stack-watchdog-worker.ts.

const BEAT_MS = 500;
const WORKER_HEAP_MB = 8;

export function startStackWatchdog(timers: Timers): void {
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const beat = (): void => {
    Atomics.add(beats, 0, 1);
    timers.after(BEAT_MS, beat);
  };
  beat();
  // Every process is one file in dist/<process>/; the worker is built from src/process/stack-watchdog-worker.ts.
  const worker = new Worker(new URL("../process/stack-watchdog-worker.js", import.meta.url), {
    workerData: beats,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB, maxYoungGenerationSizeMb: 1 },
  });
  worker.unref();
  worker.on("error", () => undefined); // It is a help, not a need: without it a stall is only noticed from outside.
}
