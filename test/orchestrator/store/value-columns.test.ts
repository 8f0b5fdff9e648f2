import { describe, expect, test } from "vitest";
import {
  packArguments,
  packOptions,
  packOutcome,
  unpackArguments,
  unpackOptions,
  unpackOutcome,
} from "../../../src/orchestrator/store/value-columns.ts";
import { noOptions } from "../../../src/protocol/manifest.ts";
import type { Outcome, WireError } from "../../../src/protocol/outcome.ts";
import type { Reference, Value } from "../../../src/protocol/values.ts";

const key = "a".repeat(64);
const references: Reference[] = [
  { kind: "execution", id: "Rbcdfgh:1:1", target: "flows/main" },
  { kind: "asset", id: "Abcdfgh" },
  { kind: "blob", key, size: 9 },
];
const values: Value[] = [
  { kind: "inline", data: '{"text":"a \\"quote\\" and ünïcode"}', references: [] },
  { kind: "inline", data: '{"$":"ref","v":0}', references },
  { kind: "blob", key, size: 40_000, references: [] },
  { kind: "blob", key, size: 40_000, references },
];
const error: WireError = {
  type: "TypeError",
  message: "no",
  stack: "TypeError: no\n    at main",
  frames: [{ function: "main", file: "src/flows.ts", line: 3, column: 9, code: "throw", inApp: true }],
  value: values[1] ?? null,
  cause: { type: "Error", message: "deeper", stack: "", frames: [], value: null, cause: null, errors: null },
  errors: [{ type: "Error", message: "one", stack: "", frames: [], value: null, cause: null, errors: [] }],
};

describe("columns", () => {
  test("give arguments back as they came", () => {
    expect(unpackArguments(packArguments(values))).toEqual(values);
    expect(unpackArguments(packArguments([]))).toEqual([]);
  });

  test.each<Outcome>([
    ...values.map((value): Outcome => ({ kind: "succeeded", value })),
    { kind: "failed", error },
    { kind: "abandoned", reason: "exit code 137" },
    { kind: "cancelled" },
    { kind: "timed_out" },
  ])("give an outcome back as it came: %j", (outcome) => {
    expect(unpackOutcome(outcome.kind, packOutcome(outcome))).toEqual(outcome);
  });

  test("hold the text of a value as it is, and nothing else for one without references", () => {
    const outcome = { kind: "succeeded", value: { kind: "inline", data: "[1]", references: [] } } as const;
    expect(packOutcome(outcome)).toEqual({ result: "[1]", resultLinks: null });
  });

  test.each(["queued", "assigned", "spawned"] as const)("hold no outcome of what is %s", (status) => {
    expect(unpackOutcome(status, { result: null, resultLinks: null })).toBeUndefined();
  });

  test("hold only the options that are set", () => {
    expect(packOptions(null)).toBeNull();
    expect(packOptions(noOptions)).toBeNull();
    const options = { ...noOptions, delayMs: 0, retries: { limit: null, backoffMinMs: 1, backoffMaxMs: 2 } };
    expect(packOptions(options)).toBe('{"retries":{"limit":null,"backoffMinMs":1,"backoffMaxMs":2},"delayMs":0}');
    expect(unpackOptions(packOptions(options))).toEqual(options);
    expect(unpackOptions(null)).toEqual(noOptions);
  });
});
