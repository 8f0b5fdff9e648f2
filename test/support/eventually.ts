import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 20;
const DEADLINE_MS = 30_000;

/**
 * Waits until `probe` gives something other than undefined or false: for what other processes do and nobody announces. After the deadline
 * it throws with the last error that `probe` threw, if any.
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    await delay(POLL_MS);
  }
  throw new Error(`${what} did not come true within ${deadlineMs} ms`, { cause: last });
}
