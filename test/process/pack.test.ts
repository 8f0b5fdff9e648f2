import { expect, test } from "vitest";
import { listHead, pack, packToKeep, smallMapHead, unpack, unpackExactly } from "../../src/process/pack.ts";

test.each([
  `{"__proto__":{"a":1},"constructor":2,"toString":null,"hasOwnProperty":[]}`,
  `[{"deep":[{"__proto__":"text","b":{"__proto__":{"__proto__":1}}}]},"__proto__",true,1.5]`,
  `{"no":"such name","prototype":{}}`,
  `"__proto__"`,
])("values of users keep their keys: %s", (json) => {
  const value: unknown = unpackExactly(Buffer.from(pack(JSON.parse(json))));
  expect(JSON.stringify(value)).toBe(json);
  expect(value).toEqual(JSON.parse(json));
});

test("no key reaches the prototype of what is unpacked", () => {
  const bytes = Buffer.from(pack(JSON.parse(`{"__proto__":{"isAdmin":true}}`)));
  for (const value of [unpack(bytes), unpackExactly(bytes)]) expect(value).not.toHaveProperty("isAdmin");
});

test.each([0, 15, 16, 65_535, 65_536])(
  "a list of %i entries that were packed one by one is as one that was packed whole",
  (length) => {
    const whole = Array.from({ length }, (_, index) => index);
    const parts = [listHead(length), ...whole.map((entry) => packToKeep(entry))];
    expect(Buffer.concat(parts).equals(pack(whole))).toBe(true);
  },
);

test("a map of as many members as its first byte can say has that head, and a larger one is refused", () => {
  const map = Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`m${index}`, index]));
  expect(pack(map)[0]).toBe(smallMapHead(15)[0]);
  expect(() => smallMapHead(16)).toThrow("longer head");
});
