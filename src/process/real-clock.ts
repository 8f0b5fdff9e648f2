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

/** Drawn from the system so many bytes at once, because a draw costs microseconds. */
const POOL_BYTES = 2_048;
let pool = Buffer.alloc(0);
let used = 0;

/** 53 bits of the system's generator for each number: good enough for ids and secrets. */
export const realRandom: Random = {
  next(): number {
    if (used >= pool.length) {
      pool = randomBytes(POOL_BYTES);
      used = 0;
    }
    const high = pool.readUInt32LE(used) >>> 5;
    const low = pool.readUInt32LE(used + 4) >>> 6;
    used += 8;
    return (high * 2 ** 26 + low) / 2 ** 53;
  },
};
