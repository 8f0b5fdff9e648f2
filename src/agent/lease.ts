import type { Ms } from "../base/clock.ts";
import { LEASE_MARGIN_MS, PING_INTERVAL_MS } from "../protocol/limits.ts";
import { RECONNECT_LIMIT_MS } from "./limits.ts";

// How long the session is surely alive. The server counts from the last word it has heard; the agent counts from the moment it sent the last
// word of which it knows that it was heard. That is never later, so the agent gives up first, by a margin.

/** So many pings, or attempts to reconnect, fit into a lease: one that fails must not end it. */
const TRIES = 6;

export interface Lease {
  /** The server has granted a lease of this length in answer to something that was sent at `sentAt`. */
  grant(lengthMs: Ms, sentAt: Ms): void;
  /** There is no session any more. */
  drop(): void;
  /** A ping goes out: its number. */
  ping(now: Ms): number;
  pong(ping: number): void;
  /** The connection has changed: what is not answered by now never will be. */
  forgetPings(): void;
  /** When everything must be stopped; never again until the next grant once `fence` was called. */
  fenceAt(): Ms;
  /** Gives up: how long the server was silent, and how long stopping may take. */
  fence(now: Ms): { readonly silentMs: Ms; readonly withinMs: Ms };
  pingIntervalMs(): Ms;
  /** The longest delay before an attempt to reconnect. */
  reconnectLimitMs(): Ms;
}

export function createLease(): Lease {
  /** When each ping without an answer was sent. */
  const pings = new Map<number, Ms>();
  let lastPing = 0;
  /** Infinite without a session. */
  let lengthMs: Ms = Infinity;
  /** The server has heard something that was sent at this time. */
  let provenAt: Ms = 0;
  let isFenced = false;

  const marginMs = (): Ms => Math.min(LEASE_MARGIN_MS, lengthMs / 4);

  return {
    grant(grantedMs, sentAt) {
      lengthMs = grantedMs;
      provenAt = sentAt;
      isFenced = false;
    },
    drop() {
      lengthMs = Infinity;
    },
    ping(now) {
      lastPing += 1;
      pings.set(lastPing, now);
      return lastPing;
    },
    pong(ping) {
      provenAt = Math.max(provenAt, pings.get(ping) ?? 0);
      pings.delete(ping);
    },
    forgetPings: () => pings.clear(),
    fenceAt: () => (isFenced ? Infinity : provenAt + lengthMs - marginMs()),
    fence(now) {
      isFenced = true;
      return { silentMs: now - provenAt, withinMs: marginMs() / 2 };
    },
    pingIntervalMs: () => Math.min(PING_INTERVAL_MS, lengthMs / TRIES),
    reconnectLimitMs: () => Math.min(RECONNECT_LIMIT_MS, lengthMs / TRIES),
  };
}
