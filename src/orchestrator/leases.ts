import type { Ms } from "../base/clock.ts";

/**
 * When the sessions of an environment end for want of a sign of life, in monotonic time. All leases are equally long, so the order of the
 * last signs is the order of the ends, and a sign of life costs two map operations.
 */
export interface Leases {
  /** A sign of life: the session's lease begins anew. */
  renew(session: string, now: Ms): void;
  /** The session has ended. */
  drop(session: string): void;
  /** Takes out and returns the sessions whose lease is over. */
  takeExpired(now: Ms): string[];
  /** When the next lease ends, if nothing is heard; null without sessions. */
  nextEndAt(): Ms | null;
  count(): number;
}

export function createLeases(leaseMs: Ms): Leases {
  const lastSigns = new Map<string, Ms>(); // The longest silent first.
  return {
    renew(session, now) {
      lastSigns.delete(session);
      lastSigns.set(session, now);
    },
    drop(session) {
      lastSigns.delete(session);
    },
    takeExpired(now) {
      const expired: string[] = [];
      for (const [session, lastSign] of lastSigns) {
        if (lastSign + leaseMs > now) break;
        expired.push(session);
      }
      for (const session of expired) lastSigns.delete(session);
      return expired;
    },
    nextEndAt() {
      for (const lastSign of lastSigns.values()) return lastSign + leaseMs;
      return null;
    },
    count: () => lastSigns.size,
  };
}
