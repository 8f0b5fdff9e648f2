import { expect, test } from "vitest";
import fc from "fast-check";
import { refuseInexact } from "../../../src/gateway/http/exact-numbers.ts";

test.each([
  ["arguments[0]", '{"arguments":[12345678901234567890]}'],
  ["arguments[1].a.b[2]", '{"arguments":["9",{"a":{"b":[1,2,-12345678901234567890]}}]}'],
  ["params.id", '{"params":{"text":"12345678901234567890","escaped \\\\\\"":"\\\\","id":1152921504606846976}}'],
  ["delayMs", '{"delayMs":1e400}'],
  ["the body", "123456789012345678901"],
])("names %s in %s", (field, text) => {
  expect(JSON.parse(text)).toBeDefined();
  expect(refuseInexact(text)).toMatchObject({ code: "invalid_value", details: { field } });
  expect(refuseInexact(text)?.message).toContain(`${field}: the number `);
});

test.each([
  '{"a":9007199254740991,"b":-9007199254740991,"c":9007199254740992}',
  '{"a":"12345678901234567890","12345678901234567890":1}',
  '{"a":0.12345678901234567890,"b":1e100,"c":1.7976931348623157e308}',
  String.raw`["quoted \" 12345678901234567890", "\\", 1]`,
])("leaves %s alone", (text) => {
  expect(refuseInexact(text)).toBeUndefined();
});

test("what JavaScript itself has written is never refused", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(refuseInexact(JSON.stringify(value))).toBeUndefined();
    }),
  );
});
