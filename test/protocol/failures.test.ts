import { expect, test } from "vitest";
import { archived, invalidField, invalidName, notFound } from "../../src/protocol/failures.ts";

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

test.each([
  ["project", "shop-2", undefined],
  ["project", "Shop", '"Shop" is no name for a project: 1 to 63'],
  ["project", "a/b", '"a/b" is no name for a project'],
  ["environment", "development/joe", undefined],
  ["environment", "../up", '"../up" is no name for an environment: segments'],
] as const)("a new %s %j: %s", (kind, name, message) => {
  const wrong = invalidName(kind, name);
  expect(wrong?.code).toBe(message === undefined ? undefined : "invalid_name");
  expect(wrong?.message.slice(0, message?.length)).toBe(message);
});
