import { describe, expect, test } from "vitest";
import { task, workflow } from "../../src/sdk/define.ts";
import { declarationOf } from "../../src/sdk/target.ts";
import { type CallOptions, type DefinitionOptions, readCallOptions } from "../../src/sdk/options.ts";

const nothing = { retries: null, timeoutMs: null, delayMs: null, priority: null, isolation: null };

describe("options in the form of the manifest", () => {
  const cases: [string, CallOptions, object][] = [
    ["none", {}, {}],
    ["an option that is undefined", { timeout: undefined }, {}],
    ["a number of retries", { retries: 3 }, { retries: { limit: 3, backoffMinMs: 0, backoffMaxMs: 0 } }],
    ["no retries, said so", { retries: false }, { retries: { limit: 0, backoffMinMs: 0, backoffMaxMs: 0 } }],
    ["retries without end", { retries: true }, { retries: { limit: null, backoffMinMs: 1_000, backoffMaxMs: 60_000 } }],
    [
      "constant back-off",
      { retries: { limit: 2, backoff: "5s" } },
      { retries: { limit: 2, backoffMinMs: 5_000, backoffMaxMs: 5_000 } },
    ],
    [
      "growing back-off",
      { retries: { backoff: ["1s", { minutes: 1 }] } },
      { retries: { limit: null, backoffMinMs: 1_000, backoffMaxMs: 60_000 } },
    ],
    ["a timeout", { timeout: "1.5s" }, { timeoutMs: 1_500 }],
    ["a delay", { delay: { hours: 1, minutes: 30 } }, { delayMs: 5_400_000 }],
    ["no delay, said so", { delay: "0s" }, { delayMs: 0 }],
    ["the rest", { priority: -2, isolation: "process" }, { priority: -2, isolation: "process" }],
  ];
  test.each(cases)("%s", (_, options, expected) => {
    expect(readCallOptions(options, "task charge")).toEqual({ ...nothing, ...expected });
  });
});

describe("a bad option is refused where it is given, by name", () => {
  const cases: [unknown, string][] = [
    [{ retry: 3 }, 'task charge has no option "retry"; there are retries, timeout, delay, priority, isolation, name'],
    [{ __proto__: null, constructor: 1 }, 'task charge has no option "constructor"'],
    [{ timeout: "10" }, 'option "timeout" of task charge is wrong: "10" is not a duration: write "250ms"'],
    [{ timeout: "0s" }, 'option "timeout" of task charge must be longer than zero'],
    [{ timeout: 10 }, 'option "timeout" of task charge is wrong: 10 is not a duration'],
    [{ retries: -1 }, 'option "retries" of task charge needs a whole number from 0 to 1000000 as limit'],
    [{ retries: "3" }, 'option "retries" of task charge must be a number, true or { limit, backoff }'],
    [{ retries: { limit: 1, backof: "1s" } }, 'option "retries" of task charge has no member "backof" here'],
    [{ retries: { backoff: ["9s", "1s"] } }, 'option "retries" of task charge needs a backoff that does not shrink'],
    [{ retries: { backoff: "soon" } }, 'option "retries" of task charge needs another backoff: it is wrong: "soon"'],
    [{ retries: { when: "always" } }, 'option "retries" of task charge needs a function as when'],
    [{ priority: 1.5 }, 'option "priority" of task charge must be a whole number'],
    [{ isolation: "thread" }, 'option "isolation" of task charge must be "shared" or "process"'],
    [{ name: "two words" }, 'option "name" of task two words must be a JavaScript identifier'],
    [{ description: 1 }, 'option "description" of task charge must be text'],
    [[], "the options of task charge must be an object"],
  ];
  test.each(cases)("%j", (options, message) => {
    const define = () => task(options as DefinitionOptions, async function charge() {});
    expect(define).toThrow(TypeError);
    expect(define).toThrow(message);
  });

  test("also in with(), where retries cannot have a predicate", () => {
    const charge = task(async function charge() {});
    expect(() => charge.with({ retries: { when: () => true } } as CallOptions)).toThrow('has no member "when" here');
  });

  test("a function before its options, which would be lost without a word", () => {
    for (const define of [task, workflow]) {
      expect(() => Reflect.apply(define, undefined, [async () => {}, { retries: 3 }])).toThrow("its options first");
    }
  });

  test("a generator, whose values could not cross, is no target", () => {
    expect(() => task(function* () {})).toThrow(
      "task() needs a function that returns a value or a promise, not a generator",
    );
    expect(() => workflow(async function* () {})).toThrow("workflow() needs a function that returns a value");
  });

  test.each([[undefined], [{}], ["charge"]])("a definition without a function: %j", (first) => {
    expect(() => Reflect.apply(workflow, undefined, [first])).toThrow("workflow() needs a function");
  });
});

test("a definition keeps what travels apart from what stays", () => {
  const isTransient = (error: unknown) => error instanceof RangeError;
  const charge = task(
    { name: "bill", description: "Charges", retries: { limit: 1, when: isTransient } },
    async (pence: number) => pence,
  );
  expect(declarationOf(charge)).toEqual({
    type: "task",
    name: "bill",
    description: "Charges",
    options: { ...nothing, retries: { limit: 1, backoffMinMs: 0, backoffMaxMs: 0 } },
    retriesWhen: isTransient,
    fn: charge.fn,
    site: expect.objectContaining({}),
    path: null,
  });
  expect(declarationOf(charge)?.site.stack).toContain("options.test.ts");
  expect(charge.name).toBe("bill");
  expect(charge.type).toBe("task");
  expect(declarationOf(charge.with({ delay: "1s" }))).toBe(undefined);
  expect(declarationOf(() => 1)).toBe(undefined);
});
