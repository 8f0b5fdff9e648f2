import fc from "fast-check";
import { expect, test } from "vitest";
import { valueFromApi, valueToApi } from "../../../src/protocol/value-format/api-form.ts";
import { encodeValue } from "../../../src/protocol/value-format/encode.ts";
import type { Reference, Value } from "../../../src/protocol/values.ts";
import { anyValue } from "./arbitrary-value.ts";

const reference: Reference = { kind: "execution", id: "Rbcdfgh:1:1", target: "flows/greet" };

test("what the API shows can be given back to it", { timeout: 30_000 }, () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const encoded = encodeValue(value);
      const shown: unknown = JSON.parse(JSON.stringify(valueToApi({ kind: "inline", ...encoded })));
      const read = valueFromApi(shown);
      return read.ok && read.value.data === encoded.data;
    }),
  );
});

test("references say what they refer to where they stand", () => {
  const value: Value = {
    kind: "inline",
    data: '{"of":{"$":"ref","v":0},"text":{"$":"object","v":{"$":"ref","v":0}}}',
    references: [reference],
  };
  const shown = { of: { $: "ref", v: reference }, text: { $: "object", v: { $: "ref", v: 0 } } };
  expect(valueToApi(value)).toEqual(shown);
  expect(valueFromApi(shown)).toEqual({ ok: true, value: { data: value.data, references: [reference] } });
});

test("a blob shows where its text is", () => {
  expect(valueToApi({ kind: "blob", key: "a".repeat(64), size: 5, references: [] })).toEqual({
    $: "blob",
    v: { key: "a".repeat(64), size: 5 },
  });
});

test("-0 in a request stays -0", () => {
  expect(valueFromApi(JSON.parse("[-0]"))).toMatchObject({ value: { data: '[{"$":"number","v":"-0"}]' } });
});

test.each([
  ["an unknown tag", { a: { $: "temporal", v: 1 } }, /^value\.a has the unknown tag/],
  ["a number out of range", JSON.parse("[1e999]"), /range of a double/],
  ["a blob", { $: "blob", v: { key: "a".repeat(64), size: 1 } }, /send the text that it holds/],
  ["a reference by position", { $: "ref", v: 0 }, /is not one/],
  ["a reference to no id", { $: "ref", v: { kind: "execution", id: "../..", target: "a/b" } }, /is not one/],
  ["great depth", JSON.parse(`${"[".repeat(5_000)}${"]".repeat(5_000)}`), /64 levels/],
])("%s is refused", (_, input, message) => {
  const read = valueFromApi(input);
  expect(read).toMatchObject({ ok: false, error: { code: "invalid_value", message: expect.stringMatching(message) } });
});
