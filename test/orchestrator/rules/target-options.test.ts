import { expect, test } from "vitest";
import { effectiveOptions } from "../../../src/orchestrator/rules/target-options.ts";
import { noOptions } from "../../../src/protocol/manifest.ts";

test("options are the caller's, else the manifest's, else the defaults", () => {
  const defaults = { retries: null, timeoutMs: null, delayMs: 0, priority: 0, isolation: "shared" };
  expect(effectiveOptions(noOptions, null)).toEqual(defaults);
  const manifest = { ...noOptions, timeoutMs: 5, priority: 3, isolation: "process" } as const;
  expect(effectiveOptions(manifest, null)).toEqual({ ...defaults, timeoutMs: 5, priority: 3, isolation: "process" });
  const overrides = { ...noOptions, priority: 0, delayMs: 9, isolation: "shared" } as const;
  expect(effectiveOptions(manifest, overrides)).toEqual({ ...defaults, timeoutMs: 5, delayMs: 9 });
});
