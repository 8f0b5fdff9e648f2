import { expect, test } from "vitest";
import { asFailure, readErrorBody, readFailure } from "../../src/protocol/read-failure.ts";

test("a failure is read with its details, and with a code of a later version", () => {
  const told = { code: "too_warm", message: "It is too warm.", details: { limit: 30 } };
  expect(readFailure({ ...told, more: 1 })).toEqual(told);
  expect(readErrorBody(JSON.stringify({ error: told }))).toEqual(told);
  expect(readFailure({ code: "internal", message: "", details: "none" })).toEqual({ code: "internal", message: "" });
});

test.each([
  null,
  "not_found",
  [],
  {},
  { code: "not_found" },
  { message: "there is no such thing" },
  { code: 1, message: "" },
])("%j is no failure", (told) => {
  expect(readFailure(told)).toBe(undefined);
  expect(readErrorBody(JSON.stringify({ error: told }))).toBe(undefined);
});

test.each(["", "<html>", "null", "[]", "{}", '{"error":null}'])("the body %j says no failure", (text) => {
  expect(readErrorBody(text)).toBe(undefined);
});

test("a code that this side does not know counts as internal", () => {
  expect(asFailure({ code: "too_warm", message: "It is too warm." }).code).toBe("internal");
  expect(asFailure({ code: "run_not_found", message: "" }).code).toBe("run_not_found");
});
