import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../src/base/duration.ts";

test.each([
  ["250ms", 250],
  ["30s", 30_000],
  ["1.5h", 5_400_000],
  [" 10m ", 600_000],
  ["7d", 604_800_000],
  ["0s", 0],
  [{ seconds: 30 }, 30_000],
  [{ minutes: 1, milliseconds: 5 }, 60_005],
])("%j is a duration of %d milliseconds", (input, ms) => {
  expect(parseDuration(input)).toEqual({ ok: true, value: ms });
});

test.each([
  30,
  "30",
  "s",
  "-1s",
  "1 s",
  "1e3s",
  "1week",
  "",
  {},
  { seconds: -1 },
  { seconds: "1" },
  { hour: 1 },
  null,
  undefined,
  [],
  "NaNs",
])("%j is no duration, and the sentence shows how to write one", (input) => {
  const parsed = parseDuration(input);
  expect(parsed.ok ? "" : parsed.error).toContain('write "250ms"');
});

test("a duration beyond ten years is refused", () => {
  expect(parseDuration("3651d")).toMatchObject({ ok: false, error: expect.stringContaining("3650 days") });
});

test.each([
  [0, "0.0s"],
  [440, "0.4s"],
  [12_300, "12s"],
  [185_000, "3m 5s"],
  [7_800_000, "2h 10m"],
  [356_400_000, "4d 3h"],
])("%d milliseconds read as %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
