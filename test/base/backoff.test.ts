import { expect, test } from "vitest";
import { doublingDelayMs, jitteredDelayMs } from "../../src/base/backoff.ts";
import { randomBelow, seededRandom } from "../../src/base/random.ts";

test("a delay doubles with every attempt up to its limit, however many there are", () => {
  const delays = [0, 1, 2, 3, 10, 1_000].map((attempt) => doublingDelayMs(200, 10_000, attempt));
  expect(delays).toEqual([200, 400, 800, 1_600, 10_000, 10_000]);
});

test("full jitter stays between the first delay and the doubled one", () => {
  const random = seededRandom(1);
  for (let attempt = 0; attempt < 20; attempt++) {
    const delay = jitteredDelayMs(200, 10_000, attempt, random);
    expect(delay).toBeGreaterThanOrEqual(200);
    expect(delay).toBeLessThanOrEqual(doublingDelayMs(200, 10_000, attempt));
  }
});

test("a seed gives the same sequence, another one another", () => {
  const sequence = (seed: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 5 }, () => random.next());
  };
  expect(sequence(7)).toEqual(sequence(7));
  expect(sequence(7)).not.toEqual(sequence(8));
});

test("a random number below a bound covers all of them and never the bound", () => {
  const random = seededRandom(3);
  const seen = new Set(Array.from({ length: 1_000 }, () => randomBelow(random, 5)));
  expect([...seen].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
});
