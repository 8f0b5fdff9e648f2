import { expect, test } from "vitest";
import type { ExecutionView } from "../../../src/protocol/views.ts";
import { beganAt } from "../../../src/cli/run-tree/began-at.ts";
import { failed, run, startedAt, step } from "./views.ts";

const failure = failed("bad row").result ?? null;
const retried = failure?.status === "failed" ? { ...failure, retry: "Rbcdfghj:1:2" } : null;

test.each([
  ["was created", [{}], 0],
  ["was created, also when it was retried", [{ status: "failed", result: retried }, { createdAt: startedAt + 10 }], 0],
  ["was run again", [{}, { createdAt: startedAt + 20 }], 20],
  [
    "was last run again, also when that was retried",
    [{}, { createdAt: startedAt + 30, result: failure }, { createdAt: startedAt + 40, result: failure }],
    40,
  ],
] satisfies [string, Partial<ExecutionView>[], number][])("a run is under way since it %s", (_, attempts, afterMs) => {
  expect(beganAt(run([step(1, "greet", null, attempts)]))).toBe(startedAt + afterMs);
});
