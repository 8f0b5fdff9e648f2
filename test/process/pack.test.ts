import { expect, test } from "vitest";
import { pack, unpack, unpackList } from "../../src/process/pack.ts";

test("no key reaches the prototype of what is unpacked", () => {
  expect(unpack(pack(JSON.parse(`{"__proto__":{"isAdmin":true}}`)))).not.toHaveProperty("isAdmin");
});

test("a message that is no list is refused", () => {
  expect(unpackList(pack([1, "two"]))).toEqual([1, "two"]);
  expect(() => unpackList(pack({ one: 1 }))).toThrow("no list");
});
