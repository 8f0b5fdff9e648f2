import { expect, test } from "vitest";
import { createPrintedText } from "../../src/executor/capture.ts";
import { PARTIAL_LINE_LIMIT } from "../../src/executor/limits.ts";

function printed(...chunks: (string | Uint8Array)[]): string[] {
  const texts: string[] = [];
  const text = createPrintedText((one) => texts.push(one));
  for (const chunk of chunks) text.push(chunk);
  text.end();
  return texts;
}

test.each([
  [["one\n"], ["one"]],
  [["one\ntwo\n"], ["one\ntwo"]],
  [
    ["on", "e\ntw", "o"],
    ["one", "two"],
  ],
  [["\n"], [""]],
  [[""], []],
])("%j becomes %j", (chunks, expected) => {
  expect(printed(...chunks)).toEqual(expected);
});

test("characters that were cut in two are put together again", () => {
  const bytes = Buffer.from("größe\n");
  const halves = Array.from({ length: bytes.length }, (_, index) => bytes.subarray(index, index + 1));
  expect(printed(...halves)).toEqual(["größe"]);
});

test("text without a line break does not grow without end", () => {
  const texts = printed(...Array.from({ length: 10 }, () => "x".repeat(PARTIAL_LINE_LIMIT / 2)));
  expect(Math.max(...texts.map(({ length }) => length))).toBeLessThanOrEqual(PARTIAL_LINE_LIMIT);
  expect(texts.join("")).toHaveLength(PARTIAL_LINE_LIMIT * 5);
});
