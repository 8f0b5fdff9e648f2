import { expect, test } from "vitest";
import { type ProcessEnd, exitReason, isOwnFault } from "../../src/supervisor/exit-reason.ts";

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
  [
    "corrupt_database: environment.db is damaged (*** in database main ***; Tree 5 page 3: btreeInitPage() returns error code 11): restore a backup",
    {
      code: 70,
      fatal: {
        code: "corrupt_database",
        message:
          "environment.db is damaged (*** in database main ***\nTree 5 page 3: btreeInitPage() returns error code 11): restore a backup",
      },
    },
  ],
  ["it hung", { code: null, signal: "SIGKILL", endedFor: "it hung" }],
])("%s", (reason, facts) => {
  expect(exitReason({ ...end, ...facts })).toBe(reason);
});

test.each<[string, Pick<ProcessEnd, "code" | "signal">, boolean, boolean]>([
  ["a crash", { code: null, signal: "SIGSEGV" }, false, true],
  ["an end for lack of heap", { code: null, signal: "SIGABRT" }, false, true],
  ["an exit with an error", { code: 70, signal: null }, false, true],
  ["the kill of one that hung", { code: null, signal: "SIGKILL" }, true, true],
  ["a kill from outside", { code: null, signal: "SIGKILL" }, false, false],
  ["a stop from outside, in order or not", { code: 0, signal: null }, false, false],
  ["a stop from outside before it was ready for it", { code: null, signal: "SIGTERM" }, false, false],
])("%s is a fault of the process itself or not", (_what, end, wasHung, expected) => {
  expect(isOwnFault(end, wasHung)).toBe(expected);
});
