import fc from "fast-check";
import { expect, test } from "vitest";
import { blobFromApi, valueFromApi, valueToApi } from "../../../src/protocol/value-format/api-form.ts";
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

test.each([[[]], [[reference]]])(
  "a blob that the API shows can be given back to it as an argument: %j",
  (references) => {
    const value: Value = { kind: "blob", key: "a".repeat(64), size: 5, references };
    expect(blobFromApi(JSON.parse(JSON.stringify(valueToApi(value))))).toEqual({ ok: true, value });
  },
);

test.each([[1], [null], [["blob"]], [{ $: "date", v: "2024-01-01T00:00:00.000Z" }]])("%j is no blob", (input) => {
  expect(blobFromApi(input)).toBeUndefined();
});

const key = "a".repeat(64);

test.each([
  ["without a payload", { $: "blob" }, /not of the form/],
  ["with another member", { $: "blob", v: { key, size: 1 }, w: 1 }, /not of the form/],
  ["with another member in its payload", { $: "blob", v: { key, size: 1, name: "a" } }, /not of the form/],
  ["with a key that is a path", { $: "blob", v: { key: "../../etc/passwd", size: 1 } }, /not of the form/],
  ["with references that are no list", { $: "blob", v: { key, size: 1, references: {} } }, /not of the form/],
  ["without a size", { $: "blob", v: { key } }, /0 to 1073741824/],
  ["of a negative size", { $: "blob", v: { key, size: -1 } }, /0 to 1073741824/],
  ["of more than a blob may hold", { $: "blob", v: { key, size: 1_073_741_825 } }, /0 to 1073741824/],
  ["with a reference by position", { $: "blob", v: { key, size: 1, references: [0] } }, /is not one/],
  ["with too many references", { $: "blob", v: { key, size: 1, references: Array(10_001).fill(reference) } }, /10000/],
])("a blob %s is refused", (_, input, message) => {
  const read = blobFromApi(input);
  expect(read).toMatchObject({ ok: false, error: { code: "invalid_value", message: expect.stringMatching(message) } });
});

test("-0 in a request stays -0", () => {
  expect(valueFromApi(JSON.parse("[-0]"))).toMatchObject({ value: { data: '[{"$":"number","v":"-0"}]' } });
});

test.each([
  ["an unknown tag", { a: { $: "temporal", v: 1 } }, /^value\.a has the unknown tag/],
  ["a number out of range", JSON.parse("[1e999]"), /range of a double/],
  ["a blob inside", { a: { $: "blob", v: { key: "a".repeat(64), size: 1 } } }, /^value\.a is a blob.*send the text/],
  ["a reference by position", { $: "ref", v: 0 }, /is not one/],
  ["a reference to no id", { $: "ref", v: { kind: "execution", id: "../..", target: "a/b" } }, /is not one/],
  ["great depth", JSON.parse(`${"[".repeat(5_000)}${"]".repeat(5_000)}`), /64 levels/],
])("%s is refused", (_, input, message) => {
  const read = valueFromApi(input);
  expect(read).toMatchObject({ ok: false, error: { code: "invalid_value", message: expect.stringMatching(message) } });
});
