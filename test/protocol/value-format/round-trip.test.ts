import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { decodeValue } from "../../../src/protocol/value-format/decode.ts";
import { encodeValue } from "../../../src/protocol/value-format/encode.ts";
import { anyValue, plainValue } from "./arbitrary-value.ts";

function roundTrip(value: unknown): unknown {
  return decodeValue(encodeValue(value));
}

test("whatever is encoded decodes to an equal value", { timeout: 30_000 }, () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const encoded = encodeValue(value);
      const decoded = decodeValue(encoded);
      // Deep equality of Node does not look into a URL or at every property of an Error; the text does.
      return isDeepStrictEqual(decoded, value) && encodeValue(decoded).data === encoded.data;
    }),
    { numRuns: 500 },
  );
});

test("plain JSON without a key $ is written as JSON.stringify writes it", { timeout: 30_000 }, () => {
  fc.assert(
    fc.property(plainValue, (value) => {
      const json = JSON.stringify(value);
      return /"\$"/.test(json) || encodeValue(value).data === json;
    }),
  );
});

test("encoding leaves the value as it was", () => {
  const value = { list: [1, new Date(0)], nested: { set: new Set([1n]) }, $: "tag" };
  const before = structuredClone(value);
  encodeValue(value);
  expect(value).toStrictEqual(before);
});

const forms: [string, unknown, string][] = [
  ["undefined", undefined, '{"$":"undefined"}'],
  ["undefined in a list", [undefined], '[{"$":"undefined"}]'],
  ["NaN", Number.NaN, '{"$":"number","v":"NaN"}'],
  ["-0", -0, '{"$":"number","v":"-0"}'],
  ["a bigint", -12345678901234567890n, '{"$":"bigint","v":"-12345678901234567890"}'],
  ["a date", new Date(0), '{"$":"date","v":"1970-01-01T00:00:00.000Z"}'],
  ["an invalid date", new Date(Number.NaN), '{"$":"date","v":null}'],
  [
    "a map",
    new Map<unknown, unknown>([
      ["a", 1],
      [{}, 2],
    ]),
    '{"$":"map","v":[["a",1],[{},2]]}',
  ],
  ["a set", new Set(["a", 1]), '{"$":"set","v":["a",1]}'],
  ["a regular expression", /a\/b/gi, '{"$":"regexp","v":["a\\\\/b","gi"]}'],
  ["a regular expression under way", Object.assign(/a/g, { lastIndex: 2 }), '{"$":"regexp","v":["a","g",2]}'],
  ["a url", new URL("https://a.example/?q=1"), '{"$":"url","v":"https://a.example/?q=1"}'],
  ["bytes", new Uint8Array([1, 2, 3]), '{"$":"binary","v":["Uint8Array","AQID"]}'],
  ["a buffer", new Uint8Array([255]).buffer, '{"$":"binary","v":["ArrayBuffer","/w=="]}'],
  ["a key $", { $: "date", v: 1 }, '{"$":"object","v":{"$":"date","v":1}}'],
  ["no prototype", Object.assign(Object.create(null), { a: 1 }), '{"$":"null-object","v":{"a":1}}'],
  ["an own __proto__", JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
  ["a lone surrogate", "\ud800", '"\\ud800"'],
];

test.each(forms)("%s has its documented form", (_, value, data) => {
  expect(encodeValue(value).data).toBe(data);
});

describe("what arrives", () => {
  test("an own property __proto__ arrives as a property and touches no prototype", () => {
    const hostile = JSON.parse('{"__proto__":{"isAdmin":{"$":"undefined"}},"a":{"__proto__":[1]}}');
    const decoded = decodeValue({ data: JSON.stringify(hostile), references: [] });
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect(Object.hasOwn(Object(decoded), "__proto__")).toBe(true);
    expect(Object.hasOwn({}, "isAdmin")).toBe(false);
  });

  test("a Buffer arrives as a Uint8Array of its own memory", () => {
    const decoded = roundTrip(Buffer.from("abc").subarray(1));
    expect(decoded).toStrictEqual(new Uint8Array([98, 99]));
    expect(decoded).toHaveProperty("buffer.byteLength", 2);
  });

  test("only the part that a view shows is sent", () => {
    const view = new Int16Array(new ArrayBuffer(16), 4, 2);
    expect(roundTrip(view)).toHaveProperty("buffer.byteLength", 4);
  });

  test("an object that is used twice arrives twice", () => {
    const shared = { a: new Date(0) };
    const decoded = roundTrip({ one: shared, two: shared });
    expect(decoded).toStrictEqual({ one: shared, two: shared });
  });

  test("without Node's Buffer the bytes are the same", () => {
    const bytes = new Uint8Array(100_000).map((_, index) => index % 251);
    const encoded = encodeValue(bytes);
    vi.stubGlobal("Buffer", undefined);
    try {
      expect(encodeValue(bytes).data === encoded.data).toBe(true);
      expect(isDeepStrictEqual(decodeValue(encoded), bytes)).toBe(true);
      expect(() => decodeValue({ data: '{"$":"binary","v":["Uint8Array","?"]}', references: [] })).toThrow(
        "is malformed",
      );
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
