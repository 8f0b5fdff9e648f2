import { describe, expect, test } from "vitest";
import {
  type Field,
  ShapeError,
  dictionary,
  flag,
  integer,
  list,
  nullable,
  object,
  oneOf,
  recursive,
  text,
} from "../../src/protocol/shape.ts";

const tree: Field<unknown> = recursive(() => object({ children: list(tree, 2) }));

describe("a field", () => {
  test.each<[string, Field<unknown>, unknown]>([
    ["text up to its limit", text(3), "abc"],
    ["an integer at its least", integer(-1, 5), -1],
    ["an integer at its most", integer(-1, 5), 5],
    ["a flag", flag, false],
    ["one of some words", oneOf("a", "b"), "b"],
    ["null where it may be", nullable(text(3)), null],
    ["a list up to its limit", list(integer(0, 9), 2), [1, 2]],
    ["text keys of any name", dictionary(flag, 2), JSON.parse('{"__proto__":true,"constructor":false}')],
    ["an object", object({ a: flag, b: nullable(flag) }), { a: true, b: null }],
    ["a shape that contains itself", tree, { children: [{ children: [] }] }],
  ])("takes %s, and packs what it takes", (_, field, value) => {
    const parsed = field.parse(value, "field");
    expect(parsed).toEqual(value);
    expect(field.pack(parsed)).toEqual(value);
  });

  test.each<[string, Field<unknown>, unknown]>([
    ["text over its limit", text(3), "abcd"],
    ["a number for text", text(3), 1],
    ["an object that pretends to be text", text(3), { length: 1 }],
    ["a fraction", integer(0, 5), 1.5],
    ["an integer that a double cannot hold", integer(0, Number.MAX_SAFE_INTEGER), 2 ** 53],
    ["a bigint", integer(0, 5), 1n],
    ["NaN", integer(0, 5), Number.NaN],
    ["an integer under its least", integer(0, 5), -1],
    ["a number for a flag", flag, 1],
    ["a word that is not among them", oneOf("a", "b"), "toString"],
    ["a list over its limit", list(flag, 1), [true, true]],
    ["an object for a list", list(flag, 1), { 0: true, length: 1 }],
    ["bytes for a list", list(integer(0, 255), 10), new Uint8Array(2)],
    ["a bad entry of a list", list(flag, 1), ["x"]],
    ["too many members", dictionary(flag, 1), { a: true, b: true }],
    ["a list for an object", object({}), []],
    ["null for an object", object({}), null],
    ["a missing member", object({ a: flag }), {}],
    ["too wide a tree", tree, { children: [{}, {}, {}] }],
  ])("refuses %s", (_, field, value) => {
    expect(() => field.parse(value, "field")).toThrow(ShapeError);
  });

  test("says which part is wrong", () => {
    const field = object({ entries: list(object({ level: integer(0, 5) }), 10) });
    expect(() => field.parse({ entries: [{ level: 1 }, { level: 6 }] }, "logs")).toThrow(
      "logs.entries[1].level is not a whole number from 0 to 5",
    );
  });

  test("ignores members that a later version may add, and reads a missing nullable one as null", () => {
    expect(object({ a: flag, b: nullable(flag) }).parse({ a: true, later: 1 }, "field")).toEqual({ a: true, b: null });
  });

  test("a tree as deep as a frame can hold ends with an error, not with the process", () => {
    let deep: unknown = { children: [] };
    for (let level = 0; level < 200_000; level++) deep = { children: [deep] };
    expect(() => tree.parse(deep, "tree")).toThrow(RangeError);
  });
});
