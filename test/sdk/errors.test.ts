import { describe, expect, test } from "vitest";
import type { Outcome } from "../../src/protocol/outcome.ts";
import { encodeError } from "../../src/protocol/value-format/wire-error.ts";
import { runInExecution } from "../../src/sdk/context.ts";
import { retryDirective, refusalError } from "../../src/sdk/errors.ts";
import {
  ExecutionAbandoned,
  ExecutionCancelled,
  ExecutionError,
  ExecutionTimeout,
  InputDismissed,
  NonRetryableError,
  RequestRefused,
  RetryAfterError,
  UnknownTargetError,
  ValidationError,
  registerErrorClass,
  task,
} from "../../src/sdk/index.ts";
import { bindTarget, declarationOf } from "../../src/sdk/target.ts";
import { runtimeWithOutcome } from "./recording-runtime.ts";

class CardDeclined extends NonRetryableError {
  override name = "CardDeclined";
  readonly code: string;
  constructor(code: string) {
    super(`declined: ${code}`);
    this.code = code;
  }
}

const charge = task(async (_pence: number) => {});
const declaration = declarationOf(charge);
if (declaration !== undefined) bindTarget(declaration, "shop", "charge");

async function caught(outcome: Outcome): Promise<unknown> {
  return runInExecution(runtimeWithOutcome(outcome), async () =>
    charge(1).then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
}

const failed = (thrown: unknown): Outcome => ({ kind: "failed", error: encodeError(thrown) });

describe("what a failed call rejects with", () => {
  test("an error of a class that is unknown here goes by its name", async () => {
    class OutOfStock extends Error {
      readonly left = 0;
    }
    const error = await caught(failed(new OutOfStock("sold out", { cause: new RangeError("none left") })));
    expect(error).toBeInstanceOf(ExecutionError);
    expect(error).toMatchObject({
      name: "OutOfStock",
      type: "OutOfStock",
      message: "sold out",
      left: 0,
      cause: { message: "none left" },
      execution: { id: "Rbcdfgh:2:3", runId: "Rbcdfgh", stepId: "Rbcdfgh:2", attempt: 3, target: "shop/charge" },
    });
    expect(Object.keys(Object(error))).toEqual(["left"]);
  });

  test("an error of a known class is an instance of it and an ExecutionError", async () => {
    registerErrorClass(CardDeclined);
    const error = await caught(failed(new CardDeclined("stolen")));
    expect(error).toBeInstanceOf(CardDeclined);
    expect(error).toBeInstanceOf(ExecutionError);
    expect(error).toMatchObject({ code: "stolen", type: "CardDeclined", execution: { target: "shop/charge" } });
    await expect(caught(failed(new TypeError("x")))).resolves.toBeInstanceOf(TypeError);
  });

  test("an error that was thrown on through two executions keeps its name and its own properties only", async () => {
    class OutOfStock extends Error {}
    const first = await caught(failed(Object.assign(new OutOfStock("sold out"), { item: 7 })));
    const second = await caught(failed(first));
    expect(second).toMatchObject({ type: "OutOfStock", message: "sold out", item: 7 });
    expect(Object.keys(Object(second))).toEqual(["item"]);
  });

  test("the stack shows where it was thrown, then where the call was made", async () => {
    const thrown = new Error("far away");
    thrown.stack = "Error: far away\n    at remote (/there/flows.ts:1:1)";
    const error = await caught(failed(thrown));
    const stack = String(Object(error).stack).split("\n");
    expect(stack.slice(0, 3)).toEqual([
      "Error: far away",
      "    at remote (/there/flows.ts:1:1)",
      "--- called from flows/main, run Rbcdfgh step 1 attempt 2 ---",
    ]);
    expect(stack.slice(3).join("\n")).toMatch(/errors\.test\.ts/);
  });

  test("a thrown value that is no error is the cause", async () => {
    const error = await caught(failed({ status: 503 }));
    expect(error).toBeInstanceOf(ExecutionError);
    expect(error).toMatchObject({ type: "thrown value", cause: { status: 503 } });
  });

  test.each<[Outcome, typeof ExecutionError, RegExp]>([
    [{ kind: "cancelled" }, ExecutionCancelled as never, /shop\/charge \(Rbcdfgh:2:3\) was cancelled/],
    [{ kind: "timed_out" }, ExecutionTimeout as never, /took longer than its timeout/],
    [{ kind: "abandoned", reason: "exit code 137" }, ExecutionAbandoned as never, /was abandoned: exit code 137/],
  ])("%j", async (outcome, expected, message) => {
    const error = await caught(outcome);
    expect(error).toBeInstanceOf(expected);
    expect(error).toBeInstanceOf(ExecutionError);
    expect(Object(error).message).toMatch(message);
    expect(Object(error).stack).toContain("--- called from flows/main");
    const others = [ExecutionCancelled, ExecutionTimeout, ExecutionAbandoned].filter(
      (other) => !Object.is(other, expected),
    );
    for (const other of others) expect(error).not.toBeInstanceOf(other);
  });
});

describe("instanceof", () => {
  test("recognises errors of another copy of the package", () => {
    const foreign = Object.defineProperty(new Error("x"), Symbol.for("coflux.NonRetryableError"), { value: true });
    expect(foreign instanceof NonRetryableError).toBe(true);
    expect(foreign instanceof RetryAfterError).toBe(false);
    expect(foreign instanceof CardDeclined).toBe(false);
  });

  test("tells a subclass from its base", () => {
    expect(new CardDeclined("x") instanceof NonRetryableError).toBe(true);
    expect(new NonRetryableError("x") instanceof CardDeclined).toBe(false);
    expect(Object(null) instanceof NonRetryableError).toBe(false);
  });
});

describe("what a thrown error says about retrying", () => {
  test.each([
    ["an ordinary error", new Error("x"), { mayRetry: true, retryAfterMs: null }],
    ["no error at all", "text", { mayRetry: true, retryAfterMs: null }],
    ["an error that forbids it", new CardDeclined("x"), { mayRetry: false, retryAfterMs: null }],
    ["an error that asks for time", new RetryAfterError("2m"), { mayRetry: true, retryAfterMs: 120_000 }],
  ])("%s", (_, thrown, directive) => {
    expect(retryDirective(thrown)).toEqual(directive);
  });

  test("an error of a called target speaks of that target, not of the caller", async () => {
    registerErrorClass(CardDeclined);
    expect(retryDirective(await caught(failed(new CardDeclined("x"))))).toEqual({ mayRetry: true, retryAfterMs: null });
  });

  test("a time to wait has a unit", () => {
    expect(() => Reflect.construct(RetryAfterError, [5])).toThrow("RetryAfterError: 5 is not a duration");
  });
});

test("each error has its name, so that it can be told apart where its class is not at hand", () => {
  const errors = [new InputDismissed(), new NonRetryableError(), new ValidationError("x"), new UnknownTargetError("x")];
  expect(errors.map(({ name }) => name)).toEqual([
    "InputDismissed",
    "NonRetryableError",
    "ValidationError",
    "UnknownTargetError",
  ]);
});

test("what the server refuses is an error with the code", () => {
  expect(refusalError("target_not_found", "x")).toBeInstanceOf(UnknownTargetError);
  expect(refusalError("overloaded", "x")).toBeInstanceOf(RequestRefused);
  expect(refusalError("overloaded", "x")).toMatchObject({ code: "overloaded", message: "x" });
  const invalid = refusalError("invalid_arguments", "too many");
  expect(invalid).toBeInstanceOf(ValidationError);
  expect(invalid).toBeInstanceOf(RequestRefused);
  expect(invalid).toMatchObject({ name: "ValidationError", code: "invalid_arguments", message: "too many" });
});
