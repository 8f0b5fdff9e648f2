import { expect, test } from "vitest";
import { pack, unpack, unpackExactly } from "../../src/process/pack.ts";

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
