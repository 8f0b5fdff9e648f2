import { expect, test } from "vitest";
import type { ResultView } from "../../../src/protocol/views.ts";
import { findRootCause } from "../../../src/cli/run-tree/root-cause.ts";
import { failed, run, step } from "./views.ts";

const causeOf = (...steps: Parameters<typeof run>[0]): string | undefined =>
  findRootCause(run(steps, { status: "failed" }))?.execution.id;

test("the cause of a failed run is the deepest call whose error the callers passed on", () => {
  expect(
    causeOf(
      step(1, "greet", null, [failed("bad row", "ExecutionError")]),
      step(2, "load", 1, [failed("bad row", "ExecutionError")]),
      step(3, "parse", 2, [failed("bad row")]),
      step(4, "other", 2),
    ),
  ).toBe("Rbcdfghj:3:1");
});

test("a failure that was caught is not the cause of another", () => {
  expect(
    causeOf(step(1, "greet", null, [failed("out of luck", "Error")]), step(2, "load", 1, [failed("bad row")])),
  ).toBe("Rbcdfghj:1:1");
});

test("of several calls that failed alike the one that ended first is the cause", () => {
  expect(
    causeOf(
      step(1, "greet", null, [failed("bad row")]),
      step(2, "load", 1, [{ ...failed("bad row"), completedAt: 20 }]),
      step(3, "load", 1, [{ ...failed("bad row"), completedAt: 10 }]),
    ),
  ).toBe("Rbcdfghj:3:1");
});

test("an error that is wrapped still names its cause", () => {
  const result: ResultView = {
    status: "failed",
    error: {
      type: "Error",
      message: "the report failed",
      stack: "",
      frames: [],
      cause: { type: "TypeError", message: "bad row", stack: "", frames: [] },
    },
  };
  expect(causeOf(step(1, "greet", null, [{ status: "failed", result }]), step(2, "load", 1, [failed("bad row")]))).toBe(
    "Rbcdfghj:2:1",
  );
});

test.each([
  ["abandoned", { status: "abandoned", reason: "the agent is gone" }, "ExecutionAbandoned"],
  ["timed_out", { status: "timed_out" }, "ExecutionTimeout"],
] as const)("a call that was %s explains the error that says so", (status, result, type) => {
  expect(
    causeOf(step(1, "greet", null, [failed("whatever it says", type)]), step(2, "load", 1, [{ status, result }])),
  ).toBe("Rbcdfghj:2:1");
});

test("a run that succeeded has no cause", () => {
  expect(causeOf(step(1, "greet", null))).toBeUndefined();
});

test("of a failure in a called run, that run is named", () => {
  const spawned = { status: "failed", completedAt: 20 } as const;
  const result: ResultView = { status: "spawned", execution: "Rzzzzzzzz:1:1", run: spawned };
  const view = run([step(1, "greet", null, [failed("bad row")]), step(2, "sum", 1, [{ status: "spawned", result }])]);
  expect(findRootCause(view)).toMatchObject({ execution: { id: "Rbcdfghj:1:1" }, calledRun: "Rzzzzzzzz" });
});
