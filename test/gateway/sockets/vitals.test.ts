import { expect, test } from "vitest";
import {
  type SocketState,
  type Condition,
  examine,
  newVitals,
  slowReason,
} from "../../../src/gateway/sockets/vitals.ts";
import { PING_DEAD_MS, PING_INTERVAL_MS } from "../../../src/protocol/limits.ts";
import {
  SLOW_READER_BYTES,
  SLOW_READER_MS,
  SOCKET_CLOSE_WAIT_MS,
  UNREAD_LIMIT_BYTES,
} from "../../../src/gateway/limits.ts";

const quiet: SocketState = { use: "frames", isReading: true, unreadBytes: 0, takenBytes: 0 };

/** The verdicts of one sweep each second over states that may change. */
function sweeps(count: number, stateAt: (second: number) => Partial<SocketState>): Condition[] {
  const vitals = newVitals();
  return Array.from({ length: count }, (_, second) => examine(vitals, { ...quiet, ...stateAt(second) }, 1_000));
}

const seconds = (ms: number): number => ms / 1_000;

test("a silent socket is pinged at its interval and dead in the end", () => {
  const verdicts = sweeps(seconds(PING_DEAD_MS), () => ({}));
  expect(verdicts.filter((verdict) => verdict === "ping")).toHaveLength(Math.floor(PING_DEAD_MS / PING_INTERVAL_MS));
  expect(verdicts.indexOf("dead")).toBe(seconds(PING_DEAD_MS) - 1);
});

test("a socket that we do not read from is not silent", () => {
  const verdicts = sweeps(60, (second) => ({ isReading: second >= 40 }));
  expect(verdicts).not.toContain("dead");
});

test("one that takes nothing of what waits is slow, however little that is", () => {
  const verdicts = sweeps(seconds(SLOW_READER_MS), () => ({ unreadBytes: 1, takenBytes: 500 }));
  expect(verdicts.indexOf("slow")).toBe(-1);
  const longer = sweeps(seconds(SLOW_READER_MS) + 1, () => ({ unreadBytes: 1, takenBytes: 500 }));
  expect(longer.indexOf("slow")).toBe(seconds(SLOW_READER_MS));
});

test("one that takes a little is not slow while less than the limit waits", () => {
  const verdicts = sweeps(60, (second) => ({
    unreadBytes: SLOW_READER_BYTES,
    takenBytes: second + 1,
    isReading: false,
  }));
  expect(verdicts).not.toContain("slow");
});

test("an agent that stays above the limit is slow, though it takes a little", () => {
  const verdicts = sweeps(20, (second) => ({ unreadBytes: SLOW_READER_BYTES + 1, takenBytes: second + 1 }));
  expect(verdicts.indexOf("slow")).toBe(seconds(SLOW_READER_MS) - 1);
});

test("an agent that reads a burst within the time is not slow", () => {
  const verdicts = sweeps(60, (second) => ({
    unreadBytes: second % 9 === 0 ? 0 : 10 * SLOW_READER_BYTES,
    takenBytes: second * 1_000_000,
    isReading: false,
  }));
  expect(verdicts).not.toContain("slow");
});

test("a subscriber may be behind for as long as it takes something", () => {
  const verdicts = sweeps(60, (second) => ({
    use: "patches",
    unreadBytes: 2 * SLOW_READER_BYTES,
    takenBytes: second + 1,
    isReading: false,
  }));
  expect(verdicts).not.toContain("slow");
});

test("a flood is slow at once", () => {
  expect(sweeps(1, () => ({ unreadBytes: UNREAD_LIMIT_BYTES + 1 }))).toEqual(["slow"]);
});

test.each([
  ["a flood", {}, UNREAD_LIMIT_BYTES + 1, "64.1 MB wait for it, and at most 64 MB may"],
  [
    "one that stands still",
    { stuckMs: SLOW_READER_MS },
    1_000,
    "0.1 MB wait for it, of which it has taken nothing for 10 s",
  ],
  [
    "one that lags behind",
    { behindMs: SLOW_READER_MS },
    5_242_880,
    "5 MB wait for it, and more than 4 MB did so for 10 s",
  ],
])("%s is called slow in words", (_, vitals, unreadBytes, reason) => {
  expect(slowReason({ ...newVitals(), ...vitals }, unreadBytes)).toBe(reason);
});

test("a close that is not agreed to ends by itself", () => {
  const vitals = { ...newVitals(), closingMs: 0 };
  expect(examine(vitals, quiet, SOCKET_CLOSE_WAIT_MS - 1)).toBe("fine");
  expect(examine(vitals, quiet, 1)).toBe("dead");
});
