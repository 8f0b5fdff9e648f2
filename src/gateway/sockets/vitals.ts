import { PING_DEAD_MS, PING_INTERVAL_MS } from "../../protocol/limits.ts";
import { SLOW_READER_BYTES, SLOW_READER_MS, SOCKET_CLOSE_WAIT_MS, UNREAD_LIMIT_BYTES } from "../limits.ts";
import type { Ms } from "../../base/clock.ts";

// Whether the other side of a socket lives and keeps up: looked at in every sweep over all sockets. Time is counted as it passes between sweeps,
// with a bound on each, so that a pause of this process (or of the machine) is nobody's silence.

/** `patches`: what is unread is left out and replaced by a fresh value, so being behind is no fault, only standing still. */
export type SocketUse = "frames" | "patches";

export interface Vitals {
  /** Since anything was heard. */
  silentMs: Ms;
  /** Since the last ping. */
  unpingedMs: Ms;
  /** Since it took anything of what waits for it. */
  stuckMs: Ms;
  /** Since more than the limit waits for it. */
  behindMs: Ms;
  /** Since its close was begun; null while it is open. */
  closingMs: Ms | null;
  /** What it has taken in all, at the last sweep. */
  takenBytes: number;
}

export interface SocketState {
  readonly use: SocketUse;
  /** False while we do not read from it: then it cannot be heard. */
  readonly isReading: boolean;
  readonly unreadBytes: number;
  readonly takenBytes: number;
}

export type Condition = "fine" | "ping" | "slow" | "dead";

export function newVitals(): Vitals {
  return { silentMs: 0, unpingedMs: 0, stuckMs: 0, behindMs: 0, closingMs: null, takenBytes: 0 };
}

/** Brings the vitals up to date and judges them. */
export function examine(vitals: Vitals, state: SocketState, passedMs: Ms): Condition {
  if (vitals.closingMs !== null) {
    vitals.closingMs += passedMs;
    return vitals.closingMs >= SOCKET_CLOSE_WAIT_MS ? "dead" : "fine";
  }
  const hasTaken = state.unreadBytes === 0 || state.takenBytes > vitals.takenBytes;
  vitals.takenBytes = state.takenBytes;
  vitals.stuckMs = hasTaken ? 0 : vitals.stuckMs + passedMs;
  vitals.behindMs = state.use === "patches" || state.unreadBytes <= SLOW_READER_BYTES ? 0 : vitals.behindMs + passedMs;
  vitals.silentMs = state.isReading ? vitals.silentMs + passedMs : 0;
  vitals.unpingedMs += passedMs;
  if (state.unreadBytes > UNREAD_LIMIT_BYTES) return "slow";
  if (vitals.stuckMs >= SLOW_READER_MS || vitals.behindMs >= SLOW_READER_MS) return "slow";
  if (vitals.silentMs >= PING_DEAD_MS) return "dead";
  if (vitals.unpingedMs < PING_INTERVAL_MS) return "fine";
  vitals.unpingedMs = 0;
  return "ping";
}

/** Why it is too slow a reader, in words, of one that is. */
export function slowReason({ stuckMs }: Vitals, unreadBytes: number): string {
  const unread = `${megabytes(unreadBytes)} wait for it`;
  if (unreadBytes > UNREAD_LIMIT_BYTES) return `${unread}, and at most ${megabytes(UNREAD_LIMIT_BYTES)} may`;
  const forLong = `for ${SLOW_READER_MS / 1_000} s`;
  if (stuckMs >= SLOW_READER_MS) return `${unread}, of which it has taken nothing ${forLong}`;
  return `${unread}, and more than ${megabytes(SLOW_READER_BYTES)} did so ${forLong}`;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 104_857.6) / 10} MB`;
}
