import { describe, expect, test } from "vitest";
import { defaultLimits } from "../../src/supervisor/limits.ts";
import { type HotSince, memoryVerdict, noticeCpu } from "../../src/supervisor/resource-limits.ts";

test.each([
  [384, "fine"],
  [385, "recycle"],
  [640, "recycle"],
  [641, "kill"],
])("with a limit of 384 MB, %d MB are: %s", (used, verdict) => {
  expect(memoryVerdict(used * 1_048_576, 384 * 1_048_576)).toBe(verdict);
});

describe("a process that wants more than 80 % of a core", () => {
  /** Samples every two seconds; the moments at which it eats. */
  const eating = (gotPercents: readonly number[], queuedPercent = 0): number[] => {
    let hotSince: HotSince = null;
    return gotPercents.flatMap((gotPercent, index) => {
      const noticed = noticeCpu(hotSince, { gotPercent, queuedPercent }, index * 2_000, defaultLimits);
      hotSince = noticed.hotSince;
      return noticed.isEating ? [index * 2] : [];
    });
  };

  test("for 10 s eats the machine", () => {
    expect(eating([100, 95, 90, 81, 100, 100, 100])).toEqual([10, 12]);
  });

  test("eats it also while others eat as well and it gets half", () => {
    expect(eating([50, 45, 50, 50, 50, 50], 45)).toEqual([10]);
  });

  test("and gets little of it does not: others keep it from running", () => {
    expect(eating([25, 20, 25, 25, 25, 25, 25], 75)).toEqual([]);
  });

  test("with a pause in between does not", () => {
    expect(eating([100, 100, 100, 80, 100, 100, 100, 100])).toEqual([]);
  });
});
