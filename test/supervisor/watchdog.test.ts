import { describe, expect, test } from "vitest";
import { defaultLimits } from "../../src/supervisor/limits.ts";
import { type Watch, type WatchVerdict, heard, startWatch, tick } from "../../src/supervisor/watchdog.ts";

/** Ticks at the given moments (seconds); a child that answers at `heardAt` is heard just after the tick at that moment. */
function verdicts(ticks: readonly number[], heardAt: readonly number[] = []): [number, WatchVerdict][] {
  let watch: Watch = startWatch(0);
  const found: [number, WatchVerdict][] = [];
  for (const at of ticks) {
    const result = tick(watch, at * 1_000, defaultLimits);
    watch = result.watch;
    if (result.verdict !== "fine") found.push([at, result.verdict]);
    if (result.verdict === "hung") break;
    if (heardAt.includes(at)) watch = heard(watch);
  }
  return found;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("a child that says nothing", () => {
  test("is unresponsive after 5 s, once, and hung after 30 s", () => {
    expect(verdicts(range(1, 60))).toEqual([
      [5, "unresponsive"],
      [30, "hung"],
    ]);
  });

  test("and then something, is counted from there", () => {
    expect(verdicts(range(1, 60), [29])).toEqual([
      [5, "unresponsive"],
      [34, "unresponsive"],
      [59, "hung"],
    ]);
  });

  test("but answers every ping, is fine", () => {
    expect(verdicts(range(1, 100), range(1, 100))).toEqual([]);
  });
});

describe("a stall of the supervisor itself", () => {
  test.each([2, 40, 3_600])("of %d s counts for nobody's silence", (stallSeconds) => {
    const ticks = [...range(1, 4), ...range(4 + stallSeconds, 8 + stallSeconds)];
    expect(verdicts(ticks, [...range(1, 4), 5 + stallSeconds])).toEqual([]);
  });

  test("does not make a hung child look alive: the healthy intervals add up", () => {
    const ticks = [...range(1, 20), ...range(60, 80)];
    expect(verdicts(ticks)).toEqual([
      [5, "unresponsive"],
      [70, "hung"],
    ]);
  });

  test("of less than 0.2 s is no stall", () => {
    const ticks = range(1, 40).map((index) => index * 1.15);
    expect(verdicts(ticks).map(([, verdict]) => verdict)).toEqual(["unresponsive", "hung"]);
  });
});
