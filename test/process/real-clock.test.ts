import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { realRandom, realTimers } from "../../src/process/real-clock.ts";

const DAY_MS = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a timer", () => {
  test.each([1, 60_000, 24 * DAY_MS, 25 * DAY_MS, 400 * DAY_MS])(
    "of %d ms fires once, then and not before",
    (delayMs) => {
      const fired = vi.fn();
      realTimers.after(delayMs, fired);
      vi.advanceTimersByTime(delayMs - 1);
      expect(fired).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(fired).toHaveBeenCalledOnce();
    },
  );

  test("that is far away can be cancelled at any time", () => {
    const fired = vi.fn();
    const cancel = realTimers.after(40 * DAY_MS, fired);
    vi.advanceTimersByTime(30 * DAY_MS);
    cancel();
    vi.advanceTimersByTime(30 * DAY_MS);
    expect(fired).not.toHaveBeenCalled();
  });
});

test("random numbers lie in [0, 1) and are spread", () => {
  const numbers = Array.from({ length: 2_000 }, () => realRandom.next());
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  const tenths = new Set(numbers.map((number) => Math.floor(number * 10)));
  expect(tenths.size).toBe(10);
  expect(new Set(numbers).size).toBe(numbers.length);
});
