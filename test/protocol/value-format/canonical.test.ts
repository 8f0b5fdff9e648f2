import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalText } from "../../../src/protocol/value-format/canonical.ts";
import { encodeValue } from "../../../src/protocol/value-format/encode.ts";
import type { Reference } from "../../../src/protocol/values.ts";
import { anyValue } from "./arbitrary-value.ts";

function canonical(value: unknown): string {
  return canonicalText(encodeValue(value).data);
}

/** The same value with every collection built in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value instanceof Map)
    return new Map([...value].toReversed().map(([key, item]) => [reversed(key), reversed(item)]));
  if (value instanceof Set) return new Set([...value].toReversed().map(reversed));
  if (typeof value !== "object" || value === null) return value;
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return value;
  const copy: object = Object.create(prototype);
  for (const [key, item] of Object.entries(value).toReversed()) {
    Object.defineProperty(copy, key, { value: reversed(item), enumerable: true, configurable: true, writable: true });
  }
  return copy;
}

test("the order in which objects, maps and sets were built does not show", { timeout: 30_000 }, () => {
  fc.assert(fc.property(anyValue, (value) => canonical(reversed(value)) === canonical(value)));
});

test("canonical text is data whose canonical text is itself", { timeout: 30_000 }, () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const text = canonical(value);
      return canonicalText(text) === text;
    }),
  );
});

test("different values have different texts", () => {
  const values = [
    0,
    -0,
    "0",
    0n,
    null,
    undefined,
    [],
    {},
    new Map(),
    new Set(),
    [0],
    ["0"],
    new Date(0),
    { $: "map", v: [] },
    Number.NaN,
  ];
  expect(new Set(values.map(canonical)).size).toBe(values.length);
});

const cases: [string, string, string][] = [
  ["white space and order", '{ "b" : 1 , "a" : [ 2 , 1 ] }', '{"a":[2,1],"b":1}'],
  ["number forms", "[1.0,1e2,0.10,-0,1E21]", '[1,100,0.1,{"$":"number","v":"-0"},1e+21]'],
  ["escapes", '"\\u0061\\/"', '"a/"'],
  ["set members", '{"$":"set","v":["b","a",{"y":1,"x":2}]}', '{"$":"set","v":["a","b",{"x":2,"y":1}]}'],
  ["map entries", '{"$":"map","v":[["b",1],["a",2]]}', '{"$":"map","v":[["a",2],["b",1]]}'],
  [
    "what only looks like a set",
    '{"$":"object","v":{"v":[2,1],"$":"set"}}',
    '{"$":"object","v":{"$":"set","v":[2,1]}}',
  ],
  ["an own __proto__", '{"b":1,"__proto__":2}', '{"__proto__":2,"b":1}'],
];
test.each(cases)("%s", (_, data, expected) => {
  expect(canonicalText(data)).toBe(expected);
});

test("references count by what they refer to, not by their position", () => {
  const one: Reference = { kind: "execution", id: "R1:1:1", target: "a/b" };
  const two: Reference = { kind: "asset", id: "A1" };
  const straight = canonicalText('[{"$":"ref","v":0},{"$":"ref","v":1}]', [one, two]);
  expect(canonicalText('[{"$":"ref","v":1},{"$":"ref","v":0}]', [two, one])).toBe(straight);
  expect(canonicalText('[{"$":"ref","v":0},{"$":"ref","v":1}]', [two, one])).not.toBe(straight);
});

test.each([
  ["no JSON", "{"],
  ["a number out of range", "1e999"],
  ["a map that is none", '{"$":"map","v":1}'],
  ["an escaped list", '{"$":"object","v":[]}'],
  ["a reference too many", '{"$":"ref","v":0}'],
  ["great depth", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
])("%s has no canonical text", (_, data) => {
  expect(() => canonicalText(data)).toThrow(/^value /);
});
