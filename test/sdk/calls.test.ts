import { describe, expect, test, vi } from "vitest";
import { runInExecution } from "../../src/sdk/context.ts";
import {
  type Execution,
  NotInRunError,
  SerializationError,
  UnknownTargetError,
  cancel,
  context,
  log,
  task,
  workflow,
} from "../../src/sdk/index.ts";
import { encodeLogValues } from "../../src/sdk/log.ts";
import { refusalError } from "../../src/sdk/errors.ts";
import { dataOf, recordingRuntime } from "./recording-runtime.ts";

const add = task(async (a: number, b: number = 10) => a + b);
const when = task((date: Date) => new Set([date.getTime()]));
const sum = task(async (list: number[], first: Execution<number>) => (await first.result()) + list.length);
const giveHandle = task(async () => ({ handle: add.submit(1, 2) }));
const large = task(async (text: string) => ({ length: text.length, text }));
const main = workflow(async (name: string) => `Hello, ${name}`);
const module = { add, when, sum, giveHandle, large, main };

describe("a call", () => {
  test("submits the arguments, waits, and gives what the function returned", async () => {
    const { runtime, requests } = recordingRuntime(module);
    await expect(runInExecution(runtime, () => add(1, 2))).resolves.toBe(3);
    expect(requests).toEqual([
      {
        kind: "call",
        request: {
          target: "flows/add",
          options: null,
          arguments: [1, 2].map((number) => ({ kind: "inline", data: String(number), references: [] })),
        },
      },
    ]);
  });

  test("leaves omitted arguments to the defaults of the function", async () => {
    const { runtime, requests } = recordingRuntime(module);
    await expect(runInExecution(runtime, () => add(1))).resolves.toBe(11);
    expect(requests[0]?.request.arguments.length).toBe(1);
  });

  test("carries rich values both ways", async () => {
    const { runtime } = recordingRuntime(module);
    await expect(runInExecution(runtime, () => when(new Date(5)))).resolves.toStrictEqual(new Set([5]));
  });

  test("with options passes only those that were given", async () => {
    const { runtime, requests } = recordingRuntime(module);
    const slow = add.with({ timeout: "5s" }).with({ priority: 2 });
    await expect(runInExecution(runtime, () => slow(1, 1))).resolves.toBe(2);
    expect(requests[0]?.request.options).toEqual({
      retries: null,
      timeoutMs: 5_000,
      delayMs: null,
      priority: 2,
      isolation: null,
    });
  });

  test("takes the arguments as they are at the time of the call", async () => {
    const { runtime, requests, releaseIds } = recordingRuntime(module, { holdsIds: true });
    await runInExecution(runtime, async () => {
      const list = [1, 2];
      const total = sum(list, add.submit(1, 1)); // Leaves when the handle has its id.
      list.push(3);
      expect(requests.length).toBe(1);
      releaseIds();
      await expect(total).resolves.toBe(4);
    });
    expect(dataOf(requests[1]?.request.arguments ?? [])).toEqual([[1, 2], { $: "ref", v: 0 }]);
    expect(requests[1]?.request.arguments[1]?.references).toEqual([
      { kind: "execution", id: "Rbcdfgh:2:1", target: "flows/add" },
    ]);
  });

  test("of many leaves in the turn in which it was made, in order", async () => {
    const { runtime, requests } = recordingRuntime(module);
    const calls = runInExecution(runtime, () => [add(1, 0), add(2, 0), add(3, 0)]);
    expect(requests.map(({ request }) => dataOf(request.arguments)[0])).toEqual([1, 2, 3]);
    await expect(Promise.all(calls)).resolves.toEqual([1, 2, 3]);
  });

  test("sends large values as blobs and reads them back", async () => {
    const { runtime, requests, blobs } = recordingRuntime(module);
    const text = "é".repeat(20_000); // 40,000 bytes of UTF-8 in 20,000 characters.
    await expect(runInExecution(runtime, () => large(text))).resolves.toEqual({ length: 20_000, text });
    expect(requests[0]?.request.arguments[0]).toMatchObject({ kind: "blob", size: 40_002 });
    expect(blobs.size).toBe(2);
  });

  test("of something that is no value is rejected, naming it, and nothing is sent", async () => {
    const { runtime, requests } = recordingRuntime(module);
    const call = runInExecution(runtime, () => Reflect.apply(add, undefined, [1, { user: () => 1 }]));
    await expect(call).rejects.toThrow(SerializationError);
    await expect(call).rejects.toThrow("args[1].user is a function");
    expect(requests.length).toBe(0);
  });

  test("outside an execution is rejected with the ways out", async () => {
    await expect(add(1, 2)).rejects.toThrow(NotInRunError);
    await expect(add(1, 2)).rejects.toThrow(/createClient\(\).*target\.fn/);
    await expect(add.fn(1, 2)).resolves.toBe(3);
  });

  test("of a target that nobody hosts says how it becomes hosted", async () => {
    const { runtime } = recordingRuntime({});
    const orphan = task(async function helper() {});
    const call = runInExecution(runtime, () => orphan());
    await expect(call).rejects.toThrow(UnknownTargetError);
    await expect(call).rejects.toThrow("task helper belongs to no hosted repository: export it");
  });

  test("that nobody waits for and that fails does not end the process", async () => {
    const refuse = async (): Promise<never> => {
      throw refusalError("target_not_found", "no agent hosts flows/add");
    };
    const { runtime } = recordingRuntime(module);
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    try {
      runInExecution({ ...runtime, call: refuse, submit: refuse, result: refuse }, () => {
        void add(1);
        void add.submit(1).result();
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off("unhandledRejection", unhandled);
    }
  });
});

test("a target has the name under which it is hosted, and before that the name of its function", () => {
  const hosted = { anonymous: task(async () => 1), renamed: task({ name: "charge" }, async () => 2) };
  const named = workflow(function greetAll() {});
  expect([hosted.anonymous.name, hosted.renamed.name, named.name]).toEqual(["", "charge", "greetAll"]);
  recordingRuntime({ anonymous: hosted.anonymous, charge: hosted.renamed, greet: named });
  expect([hosted.anonymous.name, hosted.renamed.name, named.name]).toEqual(["anonymous", "charge", "greet"]);
  expect([named.with({ priority: 1 }).name, named.fn.name]).toEqual(["greet", "greetAll"]);
});

describe("a handle", () => {
  test("is there at once, and knows its id and its result later", async () => {
    const { runtime } = recordingRuntime(module);
    await runInExecution(runtime, async () => {
      const handle = add.submit(2, 3);
      expect("then" in handle).toBe(false);
      await expect(handle.id).resolves.toBe("Rbcdfgh:2:1");
      await expect(handle.result()).resolves.toBe(5);
    });
  });

  test("arrives live inside a result", async () => {
    const { runtime } = recordingRuntime(module);
    await runInExecution(runtime, async () => {
      const { handle } = await giveHandle();
      await expect(handle.result()).resolves.toBe(3);
    });
  });

  test("can be polled without waiting", async () => {
    const { runtime } = recordingRuntime(module);
    await runInExecution(runtime, async () => {
      const handle = add.submit(2, 3);
      await expect(handle.poll()).resolves.toEqual({ done: false });
      await expect(handle.poll({ timeout: "1s" })).resolves.toEqual({ done: true, value: 5 });
      await expect(handle.poll({ timeout: 5 as never })).rejects.toThrow("the timeout of poll()");
    });
  });

  test("can be cancelled, alone or with others in one step", async () => {
    const { runtime, cancelled } = recordingRuntime(module);
    await runInExecution(runtime, async () => {
      const handles = [add.submit(1), add.submit(2)];
      await handles[0]?.cancel();
      await cancel(handles);
    });
    expect(cancelled).toEqual([["Rbcdfgh:2:1"], ["Rbcdfgh:2:1", "Rbcdfgh:3:1"]]);
  });

  test("of another copy of the package is a handle too", async () => {
    vi.resetModules();
    const other = await import("../../src/sdk/index.ts");
    const foreign = other.task(async () => 7);
    const { runtime, requests } = recordingRuntime({ ...module, foreign });
    await runInExecution(runtime, async () => {
      expect(other.context().runId).toBe("Rbcdfgh");
      const handle = foreign.submit();
      await expect(sum([], handle)).resolves.toBe(7);
    });
    expect(requests.map(({ request }) => request.target)).toEqual(["flows/foreign", "flows/sum"]);
    expect(new other.NotInRunError("x") instanceof NotInRunError).toBe(true);
  });
});

test("submit() throws at once what is wrong with the call itself", () => {
  const { runtime } = recordingRuntime(module);
  expect(() => add.submit(1)).toThrow(NotInRunError);
  runInExecution(runtime, () => {
    expect(() => Reflect.apply(add.submit, undefined, [() => 1])).toThrow("args[0] is a function");
    expect(() => task(async () => {}).submit()).toThrow("an unnamed task belongs to no hosted repository");
  });
});

test("context() tells where the code runs, and only there", () => {
  const { runtime } = recordingRuntime({});
  expect(runInExecution(runtime, context)).toBe(runtime.context);
  expect(context).toThrow("context() works only inside a workflow or task");
});

describe("log", () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const failing = {
    get name(): string {
      throw new Error("no name");
    },
  };

  test.each<[unknown, unknown, string, unknown]>([
    [new TypeError("bad"), undefined, "{error}", { error: expect.stringMatching(/^TypeError: bad\n {4}at /) }],
    [new TypeError("bad"), { id: 1 }, "{error}", { id: 1, error: expect.stringContaining("TypeError: bad") }],
    ["failed", new Error("why"), "failed", { error: expect.stringContaining("Error: why") }],
    [5, undefined, "5", undefined],
    [undefined, undefined, "undefined", undefined],
    [{ a: 1 }, undefined, '{"a":1}', undefined],
    ["a", null, "a", undefined],
    ["a", 7, "a", { value: 7 }],
    ["a", failing, "a", undefined],
  ])("takes whatever it is given, and never throws: %#", (template, values, shown, kept) => {
    const { runtime, logs } = recordingRuntime({});
    runInExecution(runtime, () => Reflect.apply(log.error, undefined, [template, values]));
    expect(logs).toEqual([["error", shown, kept]]);
  });

  test("shows what cannot be looked at as text", () => {
    const { runtime, logs } = recordingRuntime({});
    runInExecution(runtime, () => Reflect.apply(log.info, undefined, [revoked.proxy]));
    expect(logs).toEqual([["info", "(a line that cannot be read)", undefined]]);
    expect(JSON.parse(encodeLogValues({ member: revoked.proxy }))).toEqual({ member: "(object that cannot be shown)" });
  });

  test("passes template and values of the running execution", () => {
    const { runtime, logs } = recordingRuntime({});
    runInExecution(runtime, () => log.warn("row {n} skipped", { n: 3 }));
    expect(logs).toEqual([["warn", "row {n} skipped", { n: 3 }]]);
  });

  test("goes to the console outside an execution", () => {
    const written = vi.spyOn(console, "info").mockImplementation(() => {});
    log.info("greeting {name}, {missing}", { name: "Ada" });
    expect(written).toHaveBeenCalledWith("greeting Ada, {missing}");
    written.mockRestore();
  });

  test("values travel as one JSON object, whatever they are", () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    const values = { n: 1n, at: new Date(0), fn: () => 1, circular, error: new RangeError("x"), text: "t" };
    expect(JSON.parse(encodeLogValues(values))).toEqual({
      n: { $: "bigint", v: "1" },
      at: { $: "date", v: "1970-01-01T00:00:00.000Z" },
      fn: "() => 1",
      circular: "(object that cannot be shown)",
      error: expect.objectContaining({ $: "error" }),
      text: "t",
    });
  });

  test("values that are too long are replaced by their length", () => {
    const encoded = encodeLogValues({ long: "x".repeat(20_000), short: 1 });
    expect(JSON.parse(encoded)).toEqual({ long: "… (20002 characters)", short: 1 });
    const many = encodeLogValues(
      Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key ${index}`, index])),
    );
    expect(many.length).toBeLessThanOrEqual(16_384);
    expect(() => JSON.parse(many)).not.toThrow();
  });
});
