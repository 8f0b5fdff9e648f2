import { expect, test } from "vitest";
import { errorStack, errorText } from "../../src/base/error-text.ts";

test.each([
  [new TypeError("not a number"), "not a number"],
  ["a text", "a text"],
  [undefined, "undefined"],
  [{ message: "of no error" }, "[object Object]"],
])("what %j says is %j", (thrown, text) => {
  expect(errorText(thrown)).toBe(text);
});

test("a log keeps the stack of an error, its name and message where it has none, and anything else as text", () => {
  const stackless = new TypeError("not a number");
  delete stackless.stack;
  expect(errorStack(new TypeError("not a number"))).toMatch(/^TypeError: not a number\n +at /);
  expect(errorStack(stackless)).toBe("TypeError: not a number");
  expect(errorStack("a text")).toBe("a text");
});
