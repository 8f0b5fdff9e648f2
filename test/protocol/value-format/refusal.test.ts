import { describe, expect, test } from "vitest";
import { checkData, decodeValue } from "../../../src/protocol/value-format/decode.ts";
import { encodeValue } from "../../../src/protocol/value-format/encode.ts";
import { SerializationError } from "../../../src/protocol/value-format/serialization-error.ts";

class Avatar {}
class Stamped extends Date {}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

function ring(): unknown {
  const first: Record<string, unknown> = { name: "first" };
  first["friends"] = [{ best: first }];
  return { first };
}

function caught(run: () => unknown): SerializationError {
  try {
    run();
  } catch (error) {
    if (error instanceof SerializationError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

function argumentsOf(..._values: unknown[]): unknown {
  return arguments;
}

describe("what is no value is refused with its path and a way out", () => {
  const cases: [string, unknown, string, RegExp][] = [
    ["a class instance", { user: { avatar: new Avatar() } }, "args[0].user.avatar", /class Avatar.*registerCodec/],
    ["a subclass of a built-in", [new Stamped()], "args[0][0]", /class Stamped/],
    ["a function", { "on click": () => 1 }, 'args[0]["on click"]', /is a function/],
    ["a method", { toJSON: () => 1 }, "args[0].toJSON", /is a function/],
    ["a symbol", new Map([["k", Symbol("s")]]), 'args[0].get("k")', /is a symbol/],
    ["a symbol as key of a map", new Map([[Symbol("s"), 1]]), "args[0].keys()[0]", /is a symbol/],
    ["a value under an object key", new Map([[{}, new Avatar()]]), "args[0].values()[0]", /class Avatar/],
    [
      "a named property of an array",
      { a: Object.assign([1], { total: 1 }) },
      "args[0].a",
      /has a property "total", which/,
    ],
    ["a property of a date", [Object.assign(new Date(0), { zone: "UTC" })], "args[0][0]", /has a property "zone"/],
    ["a property of a map", Object.assign(new Map(), { size2: 1 }), "args[0]", /has a property "size2"/],
    [
      "a property of bytes",
      { a: Object.assign(new Uint8Array([1, 2]), { unit: "px" }) },
      "args[0].a",
      /has a property "unit"/,
    ],
    ["a property of no bytes", Object.assign(new Float64Array(), { unit: "m" }), "args[0]", /has a property "unit"/],
    ["a property of a buffer", Object.assign(Buffer.from("ab"), { unit: "px" }), "args[0]", /has a property "unit"/],
    [
      "a property of a view",
      Object.assign(new DataView(new ArrayBuffer(2)), { unit: "px" }),
      "args[0]",
      /has a property "unit"/,
    ],
    ["a symbol key of an array", { a: Object.assign([1], { [Symbol("s")]: 1 }) }, "args[0].a", /Symbol\(s\)/],
    ["a symbol key of a date", [Object.assign(new Date(0), { [Symbol("s")]: 1 })], "args[0][0]", /Symbol\(s\)/],
    ["a symbol key of bytes", Object.assign(new Uint8Array(2), { [Symbol("s")]: 1 }), "args[0]", /Symbol\(s\)/],
    ["the arguments of a function", { a: argumentsOf(1, 2) }, "args[0].a", /pass Array\.from\(arguments\)/],
    [
      "a getter that throws",
      {
        a: 1,
        b: {
          c: 1,
          get d() {
            throw new Error("closed");
          },
        },
      },
      "args[0].b.d",
      /could not be read: Error: closed/,
    ],
    ["a symbol key", { a: { [Symbol("s")]: 1 } }, "args[0].a", /Symbol\(s\)/],
    ["a promise", new Set([Promise.resolve()]), "args[0].values()[0]", /await it/],
    ["a weak map", [new WeakMap()], "args[0][0]", /weak collection/],
    ["a boxed number", { n: Object(1) }, "args[0].n", /plain number/],
    ["a generator", (function* () {})(), "args[0]", /prototype of its own/],
    ["shared memory", new SharedArrayBuffer(1), "args[0]", /SharedArrayBuffer/],
    ["a match", ["ab".match(/b/)], "args[0][0]", /Array\.from\(match\)/],
    // oxlint-disable-next-line no-sparse-arrays
    ["a hole", { list: [1, , 3] }, "args[0].list[1]", /sparse/],
    [
      "a property of an error",
      Object.assign(new Error("x"), { request: new Avatar() }),
      "args[0].request",
      /class Avatar/,
    ],
    ["the cause of an error", new Error("x", { cause: () => 1 }), "args[0].cause", /is a function/],
    ["a cycle", ring(), "args[0].first.friends[0].best", /refers back to args\[0\]\.first:/],
    ["depth", { deep: nested(64) }, `args[0].deep${"[0]".repeat(63)}`, /64 levels/],
    ["an enormous bigint", [10n ** 100_001n], "args[0][0]", /digits/],
  ];
  test.each(cases)("%s", (_, value, path, reason) => {
    const error = caught(() => encodeValue(value, { path: "args[0]" }));
    expect(error.path).toBe(path);
    expect(error.reason).toMatch(reason);
    expect(error.message).toBe(`${error.path} ${error.reason}`);
  });
});

test("64 levels are not too deep, in either direction", () => {
  const value = nested(64);
  expect(decodeValue(encodeValue(value))).toStrictEqual(value);
});

test("an object that doubles at every level is refused instead of filling the memory", { timeout: 60_000 }, () => {
  let value: unknown = { leaf: 1 };
  for (let level = 0; level < 40; level++) value = [value, value];
  expect(caught(() => encodeValue(value)).reason).toMatch(/very many places/);
});

describe("text that is not of the format is refused", () => {
  const cases: [string, string, RegExp][] = [
    ["no JSON", "{", /^value is not JSON text/],
    ["nothing", "", /^value is not JSON text/],
    ["an unknown tag", '{"a":[{"$":"temporal","v":1}]}', /^value\.a\[0\] has the unknown tag "temporal".*upgrade/],
    ["a tag named after a method", '{"$":"constructor"}', /unknown tag/],
    ["a $ that is no tag", '{"$":1}', /"object"/],
    ["a tag with more keys", '{"$":"date","v":null,"w":1}', /is no tag/],
    ["a payload too many", '{"$":"undefined","v":1}', /malformed/],
    ["a payload too few", '{"$":"map"}', /malformed/],
    ["a missing member", '{"$":"codec","v":["A/1"]}', /malformed/],
    ["a number", '{"$":"number","v":"1"}', /malformed/],
    ["an object as number", '{"$":"number","v":{"toString":1}}', /malformed/],
    ["a double out of range", '{"a":1e999}', /^value\.a is a number beyond/],
    ["a bigint", '{"$":"bigint","v":"0x10"}', /malformed/],
    ["a bigint with a leading zero", '{"$":"bigint","v":"01"}', /malformed/],
    ["an enormous bigint", `{"$":"bigint","v":"${"9".repeat(100_001)}"}`, /digits/],
    ["a date in another form", '{"$":"date","v":"2026-01-31"}', /malformed/],
    ["a day that is none", '{"$":"date","v":"2026-02-31T00:00:00.000Z"}', /malformed/],
    ["a regular expression", '{"$":"regexp","v":["(",""]}', /does not accept/],
    ["regular expression flags", '{"$":"regexp","v":["a","gg"]}', /does not accept/],
    ["a relative url", '{"$":"url","v":"/path"}', /malformed/],
    ["a missing url", '{"$":"url"}', /malformed/],
    ["a url in another form", '{"$":"url","v":"https://A.example"}', /malformed/],
    ["a map of lone keys", '{"$":"map","v":[[1]]}', /malformed/],
    ["a key twice", '{"$":"map","v":[[1,1],[1,2]]}', /occurs twice/],
    ["a member twice", '{"$":"set","v":[1,1]}', /occurs twice/],
    ["base64 with white space", '{"$":"binary","v":["Uint8Array","AQ ID"]}', /malformed/],
    ["url-safe base64", '{"$":"binary","v":["Uint8Array","_w=="]}', /malformed/],
    ["base64 without padding", '{"$":"binary","v":["Uint8Array","/w"]}', /malformed/],
    ["half an element", '{"$":"binary","v":["Int16Array","AQID"]}', /whole elements/],
    ["an unknown kind of bytes", '{"$":"binary","v":["toString","AQID"]}', /malformed/],
    ["a reference that is not there", '[{"$":"ref","v":0}]', /^value\[0\] is malformed/],
    ["a reference by name", '{"$":"ref","v":"length"}', /malformed/],
    ["an error without a type", '{"$":"error","v":{"message":"x","stack":""}}', /malformed/],
    ["errors that are no list", '{"$":"error","v":{"type":"E","message":"","stack":"","errors":1}}', /malformed/],
    [
      "properties that are a list",
      '{"$":"error","v":{"type":"E","message":"","stack":"","properties":[]}}',
      /malformed/,
    ],
    ["depth", `${"[".repeat(65)}${"]".repeat(65)}`, /64 levels/],
    ["great depth", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, /64 levels/],
  ];
  test.each(cases)("%s", (_, data, message) => {
    expect(caught(() => decodeValue({ data, references: [] })).message).toMatch(message);
    expect(caught(() => checkData(data, 0)).message).toMatch(message);
  });
});

test("data can be checked without knowing its references or running codecs", () => {
  expect(() => checkData('[{"$":"ref","v":1},{"$":"codec","v":["Unheard/1",null]}]', 2)).not.toThrow();
  expect(() => checkData('{"$":"ref","v":2}', 2, "arguments[0]")).toThrow("arguments[0] is malformed");
});
