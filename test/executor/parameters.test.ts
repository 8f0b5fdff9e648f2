import { runInThisContext } from "node:vm";
import { expect, test } from "vitest";
import { parametersOf } from "../../src/executor/parameters.ts";

/** `a` is required, `a?` may be left out, `...a` takes the rest. */
function shown(source: string, file = "flows.ts", words = "…"): string[] {
  const fn: (...parameters: never[]) => unknown = runInThisContext(`(${source})`);
  const written = () => () => [{ file, words }];
  return parametersOf(fn, written).map(
    ({ name, isOptional, isRest }) => `${isRest ? "..." : ""}${name}${isOptional && !isRest ? "?" : ""}`,
  );
}

test.each<[source: string, parameters: string[]]>([
  ["() => 1", []],
  ["async () => {}", []],
  ["id => id", ["id"]],
  ["async id => id", ["id"]],
  ["async /* the id */ id => id", ["id"]],
  ["async(a, b) => a + b", ["a", "b"]],
  ["function () {}", []],
  ["async function fetchUser(id, force = false) {}", ["id", "force?"]],
  ["async function* pages(from, ...others) {}", ["from", "...others"]],
  ["function $dollar(_a, $b, ünïcode) {}", ["_a", "$b", "ünïcode"]],
  ["{ async greet(name, greeting = 'hi') {} }.greet", ["name", "greeting?"]],
  ["{ *['with(' + '),'](a, b) {} }['with(),']", ["a", "b"]],
  ["(a,\n  b, // the second, of (many\n  c,\n) => 1", ["a", "b", "c"]],
  ["(a /* one, two = 3 */, b) => 1", ["a", "b"]],
  ["(a = ',', b = \"),(\", c = '\\'') => 1", ["a?", "b?", "c?"]],
  ["(a = `x${`,${1}`},)`, b) => 1", ["a?", "b"]],
  ["(a = [1, 2], b = { c: [3, 4], d: (5, 6) }, e) => 1", ["a?", "b?", "e"]],
  ["(a = (x, y = 1) => x, b = function (p, q) { return ')' }) => 1", ["a?", "b?"]],
  ["(a = x => x, b) => 1", ["a?", "b"]],
  ["(a = /[,)/]\\//, b = 4 / 2, c = 4 / 2 / 1, d = /,/) => 1", ["a?", "b?", "c?", "d?"]],
  ["(a = 1 === 2, b = 1 >= 2, c = 1 <= 2) => 1", ["a?", "b?", "c?"]],
  ["({ a, b = 1 }) => 1", ["arg1"]],
  ["({ a, b } = {}, [c, d], e) => 1", ["arg1?", "arg2", "e"]],
  ["({ a: { b: [c = ')'] } }, ...[first]) => 1", ["arg1", "...arg2"]],
  ["(a, { b } = { b: '=' }) => 1", ["a", "arg2?"]],
  ["function (a, b) { if (b === void 0) { b = 1; } return a; }", ["a", "b?"]],
  ["function (a, b) { return __awaiter(this, void 0, void 0, function* () { return b; }); }", ["a", "b"]],
  [
    "(id_1, ...args_1) => __awaiter(void 0, [id_1, ...args_1], void 0, function* (id, count = 1) { return id; })",
    ["id", "count?"],
  ],
  [
    "function (id_1) { return __awaiter(this, arguments, void 0, function* (id, { a } = {}, ...rest) {}); }",
    ["id", "arg2?", "...rest"],
  ],
  [
    "function (a, b_1) { return (0, tslib_1.__awaiter)(this, arguments, void 0, function (a, b) { if (b === void 0) { b = 1; } return b; }); }",
    ["a", "b?"],
  ],
  ["(id_1) => __awaiter2(void 0, [id_1], void 0, function* (id = 1) { return id; })", ["id?"]],
  ["function (a, b) { if (b === void 0) { throw new Error(); } return a; }", ["a", "b"]],
  ["(a\\u0062) => 1", ["ab"]],
  ["new (class { #a = 1; get = (b, c) => this.#a + b + c; })().get", ["b", "c"]],
  ["class { static #hidden(a, b) {} static shown = this.#hidden }.shown", ["a", "b"]],
  ["{ __proto__: { f() {} }, async f(a) { return super.f(a); } }.f", ["a"]],
  ["(a) => { with (a) return 010; }", ["a"]],
  // What has no source to read, has no place in a file of TypeScript.
  ["(function (a, b) {}).bind(null)", ["arg1?", "arg2?"]],
  ["class { constructor(a) {} }", ["arg1?"]],
])("%s", (source, parameters) => {
  expect(shown(source)).toEqual(parameters);
});

test.each(["flows.js", "flows.mjs", "flows.cjs", "flows.jsx"])("all are optional in %s", (file) => {
  expect(shown("async (a, { b }, c = 1, ...d) => a", file)).toEqual(["a?", "arg2?", "c?", "...d"]);
});

test.each(["flows.ts", "flows.mts", "flows.cts", "flows.tsx"])("what has no default is required in %s", (file) => {
  expect(shown("async (a, { b }, c = 1, ...d) => a", file)).toEqual(["a", "arg2", "c?", "...d"]);
});

test("what stands in TypeScript that is not there is optional: who compiles it need not ship it", () => {
  expect(shown("async (a, b) => a", "flows.ts", "")).toEqual(["a?", "b?"]);
});

test("more parameters than a call may have are cut off", () => {
  const names = Array.from({ length: 100 }, (_, index) => `p${index}`);
  expect(shown(`(${names.join(",")}) => 1`)).toHaveLength(64);
});
