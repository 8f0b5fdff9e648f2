import { expect, test } from "vitest";
import { noOptions } from "../../../src/protocol/manifest.ts";
import { type LoadedManifest, describeChanges } from "../../../src/agent/repositories/loaded-manifest.ts";

const loaded = (code: Record<string, string>, priority: number | null = null): LoadedManifest => ({
  file: "flows.ts",
  fingerprints: Object.values(code),
  manifest: {
    name: "flows",
    version: "1",
    targets: Object.keys(code).map((name) => {
      const options = { ...noOptions, priority };
      return { name, type: "task", description: null, parameters: [], options };
    }),
  },
});

test.each([
  [loaded({ a: "1", b: "1" }), loaded({ a: "2", b: "1" }), "~a"],
  [loaded({ a: "1" }), loaded({ a: "1" }, 5), "~a"],
  [loaded({ a: "1", old: "1" }), loaded({ a: "2", young: "1" }), "~a, +young, -old"],
  [loaded({ a: "1" }), loaded({ a: "1" }), ""],
  [undefined, loaded({ a: "1" }), "+a"],
])("what a reload changed is told by the targets that look different (%#)", (before, after, expected) => {
  expect(describeChanges(before, after)).toBe(expected);
});
