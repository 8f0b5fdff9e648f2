import { expect, test } from "vitest";
import { archived, invalidField, notFound } from "../../src/protocol/failures.ts";

test("what is not there is named, with where it was looked for and the way out", () => {
  expect(notFound("run_not_found", "Rbcdfgh").message).toBe('there is no run "Rbcdfgh" in this environment');
  expect(notFound("run_not_found", "Rbcdfgh").details).toEqual({ name: "Rbcdfgh" });
  expect(notFound("project_not_found", "shop", "create it with `…`").message).toBe(
    'there is no project "shop": create it with `…`',
  );
});

test("a name of any length and kind makes a readable sentence", () => {
  const { message } = notFound("topic_not_found", `"\n${"x".repeat(100_000)}`);
  expect(message).toMatch(/^there is no topic "\\"\\nx{198}…"$/);
});

test("an archived environment is named where it is not the only one", () => {
  expect(archived().message).toMatch(/^this environment is archived/);
  expect(archived("development/joe").message).toMatch(/^the environment "development\/joe" is archived/);
});

test("a wrong field is named for people and for programs", () => {
  expect(invalidField("retries.limit", "is too large")).toEqual({
    code: "invalid_request",
    message: "retries.limit: is too large",
    details: { field: "retries.limit" },
  });
});
