import { describe, expect, test } from "vitest";
import { editDistance, similarNames } from "../../../src/cli/input/did-you-mean.ts";
import {
  durationOption,
  durationRangeOption,
  retriesOption,
  tagOption,
  wholeNumberOption,
} from "../../../src/cli/input/option-values.ts";
import { isLikelyBrokenJson, parseArgument, parseParams, retriesOf } from "../../../src/cli/input/run-arguments.ts";
import { resolveTarget } from "../../../src/cli/input/targets.ts";

describe("a word of the command line", () => {
  test.each([
    ["Joe", "Joe"],
    ["17", 17],
    ["-1.5", -1.5],
    ["true", true],
    ["null", null],
    ['"17"', "17"],
    ['{"a":[1]}', { a: [1] }],
    ["", ""],
    ["2026-11-01", "2026-11-01"],
    ["[draft] mail", "[draft] mail"],
  ])("%j is %j", (word, value) => {
    expect(parseArgument(word)).toEqual({ ok: true, value });
  });

  test.each([
    ['{"a":4', '{"a":4', true],
    ["{a:1}", "{a:1}", true],
    [' "Joe', ' "Joe', true],
    ["Joe", "Joe", false],
    ['"Joe"', "Joe", false],
    ['["Joe"]', ["Joe"], false],
  ])("%s looks like JSON and is a string: %s", (word, value, isBroken) => {
    expect(parseArgument(word)).toEqual({ ok: true, value });
    expect(isLikelyBrokenJson(word, value)).toBe(isBroken);
  });

  test("a whole number that would lose digits is refused", () => {
    expect(parseArgument("12345678901234567890")).toEqual({
      ok: false,
      error:
        `12345678901234567890 is larger than a number can be exact; as a string it is '"12345678901234567890"', ` +
        `as a bigint '{"$":"bigint","v":"12345678901234567890"}'`,
    });
    for (const word of ["1e400", '{"a":[-9007199254740993]}', "[-1e999]"]) expect(parseArgument(word).ok).toBe(false);
    expect(parseParams('{"id":12345678901234567890}', "--params").ok).toBe(false);
    for (const word of ['"12345678901234567890"', '{"a\\"1e999":1.5}', "9007199254740991"]) {
      expect(parseArgument(word).ok).toBe(true);
    }
  });
});

test.each([
  ['{"a":1}', true],
  ["[1]", false],
  ["null", false],
  ["{a}", false],
])("--params %s is an object: %s", (text, isObject) => {
  expect(parseParams(text, "--params").ok).toBe(isObject);
});

test("retries are a number, or with --backoff a policy", () => {
  expect(retriesOf(undefined, undefined)).toBeUndefined();
  expect(retriesOf(3, undefined)).toBe(3);
  expect(retriesOf(3, [1_000, 30_000])).toEqual({ limit: 3, backoffMinMs: 1_000, backoffMaxMs: 30_000 });
  expect(retriesOf("unlimited", undefined)).toEqual({ limit: null, backoffMinMs: 1_000, backoffMaxMs: 60_000 });
  expect(() => retriesOf(undefined, [1, 2])).toThrow("--retries");
});

describe("what stands behind a flag", () => {
  test("is read into what it means", () => {
    expect(durationOption("10m")).toBe(600_000);
    expect(durationRangeOption("1s")).toEqual([1_000, 1_000]);
    expect(durationRangeOption("1s,30s")).toEqual([1_000, 30_000]);
    expect(retriesOption("unlimited")).toBe("unlimited");
    expect(wholeNumberOption(-5, 5)("-3")).toBe(-3);
    expect(tagOption("gpu=a100", tagOption("gpu=h100", { region: ["eu"] }))).toEqual({
      region: ["eu"],
      gpu: ["h100", "a100"],
    });
  });

  test.each([
    () => durationOption("10"),
    () => durationRangeOption("30s,1s"),
    () => durationRangeOption("1s,2s,3s"),
    () => wholeNumberOption(0, 5)("6"),
    () => wholeNumberOption(0, 5)("1.5"),
    () => wholeNumberOption(0, 5)("x"),
    () => tagOption("region"),
    () => tagOption("=eu"),
  ])("is refused otherwise (%#)", (read) => {
    expect(read).toThrow(expect.objectContaining({ code: "commander.invalidArgument" }));
  });
});

test.each([
  ["", "", 0],
  ["abc", "abc", 0],
  ["abc", "acb", 1],
  ["abc", "ab", 1],
  ["", "abc", 3],
  ["kitten", "sitting", 3],
])("%j and %j differ in %i places", (from, to, distance) => {
  expect(editDistance(from, to)).toBe(distance);
  expect(editDistance(to, from)).toBe(distance);
});

test("names that are near are suggested, the nearest first", () => {
  const known = ["production", "development", "development/joe", "staging"];
  expect(similarNames("prodution", known)).toEqual(["production"]);
  expect(similarNames("Developmnet", known)).toEqual(["development"]);
  expect(similarNames("x", known)).toEqual([]);
  expect(similarNames("flows/helo", ["flows/hello", "flows/cls"])).toEqual(["flows/hello"]);
  expect(similarNames("cl/ech", ["clients/echo", "client/charge"])).toEqual(["clients/echo"]);
  expect(similarNames("flwos/hello", ["flows/hello", "flows/help"])).toEqual(["flows/hello"]);
  expect(similarNames("flow/helo", ["flows/hello", "flows/sum"])).toEqual(["flows/hello"]);
  expect(similarNames("flows/greet", ["mail/greet", "examples/hello/flows/greet"])).toEqual([
    "examples/hello/flows/greet",
    "mail/greet",
  ]);
  expect(similarNames("nope", known)).toEqual([]);
  expect(similarNames("gret", ["flows/greet", "flows/great", "flows/other"])).toEqual(["flows/greet", "flows/great"]);
});

describe("a target", () => {
  const paths = ["flows/greet", "flows/greetAll", "flows/sum", "billing/sum", "billing/charge"];
  test.each([
    ["flows/greet", "flows/greet"],
    ["flows/greetA", "flows/greetAll"],
    ["b", undefined],
    ["billing/c", "billing/charge"],
    ["charge", "billing/charge"],
    ["greet", "flows/greet"],
    ["cha", "billing/charge"],
    ["sum", undefined],
    ["nothing", undefined],
  ])("%s is %s", (text, path) => {
    const resolved = resolveTarget(text, paths);
    expect(resolved.ok ? resolved.value : undefined).toBe(path);
  });

  test("of which there are several is ambiguous, and an unknown one has neighbours", () => {
    expect(resolveTarget("sum", paths)).toEqual({
      ok: false,
      error: { kind: "ambiguous", similar: ["flows/sum", "billing/sum"] },
    });
    expect(resolveTarget("flows/gret", paths)).toEqual({
      ok: false,
      error: { kind: "unknown", similar: ["flows/greet"] },
    });
  });
});
