import { expect, test } from "vitest";
import { isDepthWithin } from "../../../src/gateway/http/json-depth.ts";

const isWithin = (text: string, limit: number): boolean => isDepthWithin(Buffer.from(text), limit);

test.each([
  ["1", 0, true],
  ["[]", 0, false],
  ["[[1],[2],{}]", 2, true],
  ["[[1],[2],{}]", 1, false],
  ['{"a":{"b":{}}}', 3, true],
  ['{"a":{"b":{}}}', 2, false],
  ['["[[[[{{{{"]', 1, true],
  ['["\\"[[[["]', 1, true],
  ['["\\\\",[[]]]', 2, false],
  ['["\\\\",[[]]]', 3, true],
  ["]]]][[[[", 0, true],
])("%s nests at most %d levels: %s", (text, limit, expected) => {
  expect(isWithin(text, limit)).toBe(expected);
});

test("megabytes of brackets are refused at the first one too many", () => {
  expect(isWithin("[".repeat(4_000_000), 64)).toBe(false);
});
