import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import type { Cancel, Clock, Ms, Timers } from "../base/clock.ts";
import type { Random } from "../base/random.ts";

/** Node fires a timer of 2^31 ms or more at once; a far one is waited for in chunks of this length. */
const CHUNK_MS = 2 ** 30;

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** A timer keeps the process alive; it fires at the earliest after its delay, counted in monotonic time. */
export const realTimers: Timers = {
  after(delayMs: Ms, run: () => void): Cancel {
    let timer: NodeJS.Timeout;
    const wait = (remainingMs: Ms): void => {
      const chunkMs = Math.min(remainingMs, CHUNK_MS);
      timer = setTimeout(() => (remainingMs > chunkMs ? wait(remainingMs - chunkMs) : run()), chunkMs);
    };
    wait(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};

/** Random numbers are drawn from the system for this many at once: one call costs microseconds. */
const POOLED = 256;
const BYTES = 8;
const pool = { bytes: Buffer.alloc(0), offset: 0 };

/** Good enough for ids and secrets: 53 bits of the system's generator each. */
export const realRandom: Random = {
  next(): number {
    if (pool.offset >= pool.bytes.length) {
      pool.bytes = randomBytes(POOLED * BYTES);
      pool.offset = 0;
    }
    const bits = pool.bytes.readBigUInt64LE(pool.offset) >> 11n;
    pool.offset += BYTES;
    return Number(bits) / 2 ** 53;
  },
};
