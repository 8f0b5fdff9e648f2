import type { Ms } from "../base/clock.ts";
import { closeCodes } from "../protocol/close-codes.ts";

// What the end of a connection means, for people, and when to come back.

const goingAway = 1001;
const brokenOff = 1006;

/** `reason` is what the server said, or what the network did; empty when nothing is known. */
export function describeClose(code: number, reason: string): string {
  if (code === closeCodes.restarting) return "the server stops or restarts";
  if (code === goingAway) return "the server stops";
  if (reason !== "") return reason;
  return code === brokenOff ? "the connection broke off" : `the server closed the connection (${code})`;
}

/** How long the server asks an agent to stay away while it restarts, so that not all of them come back at once; undefined if it does not. */
export function askedDelayMs(code: number, reason: string): Ms | undefined {
  const [, ms] = code === closeCodes.restarting ? (/^retry-after-ms=(\d{1,6})$/.exec(reason) ?? []) : [];
  return ms === undefined ? undefined : Number(ms);
}
