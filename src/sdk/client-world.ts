import type { Ms } from "../base/clock.ts";
import { type Random } from "../base/random.ts";

/** Time and chance for a client, wherever it runs. */
export interface ClientWorld extends Random {
  monotonic(): Ms;
  /** Aborts after the given time. */
  timeout(delayMs: Ms): AbortSignal;
  /** Rejects with the reason of the signal when that aborts first. */
  sleep(delayMs: Ms, signal: AbortSignal | undefined): Promise<void>;
}

export const realWorld: ClientWorld = {
  next: () => Math.random(),
  monotonic: () => performance.now(),
  timeout: (delayMs) => AbortSignal.timeout(delayMs),
  sleep: (delayMs, signal) =>
    new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error); // Whoever aborts chooses the reason.
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, delayMs);
      if (signal?.aborted) stop();
      else signal?.addEventListener("abort", stop, { once: true });
    }),
};
