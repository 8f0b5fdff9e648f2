import type { Ms } from "../base/clock.ts";
import { LEASE_MARGIN_MS, PING_INTERVAL_MS } from "../protocol/limits.ts";
import { RECONNECT_LIMIT_MS } from "./limits.ts";

// How long the session is surely alive. The server counts from the last word it has heard; the agent counts from the moment it sent the last
// word of which it knows that it was heard. That is never later, so the agent gives up first, by a margin.

/** So many pings, or attempts to reconnect, fit into a lease: one that fails must not end it. */
const TRIES = 6;

export interface Lease {
  /** As the server has granted it; infinite without a session. */
  readonly lengthMs: Ms;
  /** The server has heard something that was sent at this time. */
  readonly provenAt: Ms;
  /** It was given up: nothing runs until the next one. */
  readonly isFenced: boolean;
  readonly lastPing: number;
  /** When each ping without an answer was sent. */
  readonly pings: ReadonlyMap<number, Ms>;
}

export const noLease: Lease = { lengthMs: Infinity, provenAt: 0, isFenced: false, lastPing: 0, pings: new Map() };

/** The server has granted so much in answer to something that was sent at `sentAt`. */
export function grantLease(lease: Lease, lengthMs: Ms, sentAt: Ms): Lease {
  return { ...lease, lengthMs, provenAt: sentAt, isFenced: false };
}

/** There is no session any more. */
export function endLease(lease: Lease): Lease {
  return { ...lease, lengthMs: Infinity };
}

/** All that runs is stopped; that is asked for once in a lease. */
export function giveUpLease(lease: Lease): Lease {
  return { ...lease, isFenced: true };
}

/** A ping goes out: `lastPing` is its number. */
export function notePing(lease: Lease, now: Ms): Lease {
  const lastPing = lease.lastPing + 1;
  return { ...lease, lastPing, pings: new Map(lease.pings).set(lastPing, now) };
}

export function notePong(lease: Lease, ping: number): Lease {
  const pings = new Map([...lease.pings].filter(([sequence]) => sequence !== ping));
  return { ...lease, pings, provenAt: Math.max(lease.provenAt, lease.pings.get(ping) ?? 0) };
}

/** The connection has changed: what is not answered by now never will be. */
export function forgetPings(lease: Lease): Lease {
  return { ...lease, pings: new Map() };
}

/** When everything must be stopped; never for one that was given up already. */
export function fenceAt(lease: Lease): Ms {
  return lease.isFenced ? Infinity : lease.provenAt + lease.lengthMs - marginMs(lease);
}

/** How long stopping everything may take then. */
export function stopWithinMs(lease: Lease): Ms {
  return marginMs(lease) / 2;
}

export function pingIntervalMs({ lengthMs }: Lease): Ms {
  return Math.min(PING_INTERVAL_MS, lengthMs / TRIES);
}

/** The longest delay before an attempt to reconnect. */
export function reconnectLimitMs({ lengthMs }: Lease): Ms {
  return Math.min(RECONNECT_LIMIT_MS, lengthMs / TRIES);
}

function marginMs({ lengthMs }: Lease): Ms {
  return Math.min(LEASE_MARGIN_MS, lengthMs / 4);
}
