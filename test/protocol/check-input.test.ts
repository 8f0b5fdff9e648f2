import { expect, test } from "vitest";
import { createProjectBody, listRunsQuery, startRunBody } from "../../src/protocol/http-inputs.ts";
import { checkInput } from "../../src/protocol/check-input.ts";

const target = "flows/main";

test.each<[string, Parameters<typeof checkInput>[0], unknown]>([
  ["the body: an object is expected", startRunBody, null],
  ["the body: an object is expected", startRunBody, [1]],
  ["target: is missing", startRunBody, {}],
  ["target: a text is expected", startRunBody, { target: 7 }],
  ["target: at most 300 characters are expected", startRunBody, { target: "x".repeat(301) }],
  ["arguments: a list is expected", startRunBody, { target, arguments: { 0: 1 } }],
  ["arguments: at most 64 entries are expected", startRunBody, { target, arguments: Array.from({ length: 65 }) }],
  ["params: an object is expected", startRunBody, { target, params: [1] }],
  ["delayMs: a whole number is expected", startRunBody, { target, delayMs: 1.5 }],
  ["delayMs: a number is expected", startRunBody, { target, delayMs: "soon" }],
  ["delayMs: at least 0 is expected", startRunBody, { target, delayMs: -1 }],
  ["idempotencyKey: at least 1 character is expected", startRunBody, { target, idempotencyKey: "" }],
  ["isolation: one of shared, process is expected", startRunBody, { target, isolation: "none" }],
  ["limit: a whole number from 1 to 1000 is expected", listRunsQuery, { limit: "many" }],
  ["id: a name is 1 to 63", createProjectBody, { id: "No Name" }],
  ["other: is not a field of this request", createProjectBody, { id: "name", other: 1 }],
])("%s", (message, schema, input) => {
  const checked = checkInput(schema, input);
  expect(checked.ok ? "it is taken" : checked.error.message).toContain(message);
});
