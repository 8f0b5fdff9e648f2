import { expect, test } from "vitest";
import { type ProcessEnd, exitReason } from "../../src/supervisor/exit-reason.ts";

const end: ProcessEnd = { code: 1, signal: null, fatal: null, endedFor: null, lastWords: "" };

test.each<[string, Partial<ProcessEnd>]>([
  ["it ended with exit code 3", { code: 3 }],
  ["it ended without being asked to", { code: 0 }],
  ["ended by SIGSEGV", { code: null, signal: "SIGSEGV" }],
  ["killed from outside: by a person, or by the system for lack of memory", { code: null, signal: "SIGKILL" }],
  [
    "out of memory: its heap reached its limit",
    {
      code: null,
      signal: "SIGABRT",
      lastWords: "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    },
  ],
  ["bug: Error: it is broken", { code: 70, fatal: { code: "bug", message: "Error: it is broken\n    at here" } }],
  ["it hung", { code: null, signal: "SIGKILL", endedFor: "it hung" }],
])("%s", (reason, facts) => {
  expect(exitReason({ ...end, ...facts })).toBe(reason);
});
