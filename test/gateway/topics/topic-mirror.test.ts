import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createTopicMirror } from "../../../src/gateway/topics/topic-mirror.ts";
import { diff } from "../../../src/protocol/patch.ts";

const json = fc.jsonValue({ maxDepth: 4 });

/** As it travels: the order of members and the sign of zero do not count. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test("a mirror holds what the patches of a view lead to, whatever the view shows", () => {
  fc.assert(
    fc.property(fc.array(json, { minLength: 2, maxLength: 5 }), (values) => {
      const mirror = createTopicMirror();
      mirror.replace(1, structuredClone(values[0]));
      for (let index = 1; index < values.length; index++) {
        const patch = structuredClone(diff(values[index - 1], values[index]));
        expect(mirror.apply(index + 1, patch)).toBe(true);
        expect(asJson(mirror.value())).toEqual(asJson(values[index]));
      }
    }),
  );
});

test("a member called __proto__ is a member", () => {
  const mirror = createTopicMirror();
  mirror.replace(1, { a: 1 });
  expect(mirror.apply(2, [[["__proto__"], { b: 2 }]])).toBe(true);
  expect(JSON.stringify(mirror.value())).toBe('{"a":1,"__proto__":{"b":2}}');
  expect(Object.getPrototypeOf(mirror.value())).toBe(Object.prototype);
});

test.each<[string, Parameters<ReturnType<typeof createTopicMirror>["apply"]>]>([
  ["skips a version", [3, []]],
  ["repeats a version", [1, []]],
  ["sets beyond the end of a list", [2, [[["list", 5], 1]]]],
  ["inserts into what is no list", [2, [[["text"], [1], 0]]]],
  ["inserts beyond the end of a list", [2, [[["list"], [1], 2]]]],
  ["goes down where nothing is", [2, [[["nothing", "here"], 1]]]],
  ["deletes below a text", [2, [[["text", "here"]]]]],
  ["names a list's element by text", [2, [[["list", "0"], 1]]]],
])("a patch that %s is refused", (_what, [version, patch]) => {
  const mirror = createTopicMirror();
  mirror.replace(1, { list: [1], text: "t" });
  expect(mirror.apply(version, patch)).toBe(false);
});

test("a patch before the first value is refused", () => {
  expect(createTopicMirror().apply(1, [])).toBe(false);
});
