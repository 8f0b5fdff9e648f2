import { expect, test } from "vitest";
import { OUTPUT_LINES_PER_SECOND, OUTPUT_LINE_LIMIT } from "../../src/agent/limits.ts";
import { createOutputLines } from "../../src/agent/output-lines.ts";
import { virtualTime } from "../support/virtual-time.ts";

function linesOf(feed: (push: (text: string) => void, advance: (ms: number) => void) => void): string[] {
  const time = virtualTime();
  const shown: string[] = [];
  const lines = createOutputLines(time.clock, (line) => shown.push(line));
  feed(
    (text) => lines.push(text),
    (ms) => time.advance(ms),
  );
  lines.end();
  return shown;
}

test("output becomes lines, wherever it was cut, and the last needs no line break", () => {
  const whole = "one\ntwo\n\nthree";
  for (let cut = 0; cut <= whole.length; cut++) {
    expect(
      linesOf((push) => {
        push(whole.slice(0, cut));
        push(whole.slice(cut));
      }),
    ).toEqual(["one", "two", "", "three"]);
  }
});

test("a line is never longer than the limit", () => {
  const lines = linesOf((push) => {
    push("x".repeat(OUTPUT_LINE_LIMIT * 2));
    push(`${"y".repeat(OUTPUT_LINE_LIMIT * 2)}\n`);
  });
  expect(Math.max(...lines.map(({ length }) => length))).toBe(OUTPUT_LINE_LIMIT);
});

test("of a flood so many lines are shown in a second, and the number of the others", () => {
  const lines = linesOf((push, advance) => {
    push("x\n".repeat(OUTPUT_LINES_PER_SECOND + 7));
    advance(1_000);
    push("later\n");
  });
  expect(lines).toHaveLength(OUTPUT_LINES_PER_SECOND + 2);
  expect(lines.slice(-2)).toEqual(["(7 more lines were not shown)", "later"]);
});
