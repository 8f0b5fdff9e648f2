import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { outcomeField } from "../../src/protocol/outcome.ts";
import { encodeError } from "../../src/protocol/value-format/wire-error.ts";
import { type ExecutorRig, executorRig } from "../support/executor-rig.ts";
import { scriptedServer } from "../support/scripted-server.ts";

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function rigOf(
  source: string,
  options: { blobsUrl?: string; isTrial?: boolean; more?: Record<string, string> } = {},
) {
  const { more, ...rest } = options;
  const rig = await executorRig({ files: { "flows.ts": source, ...more }, ...rest });
  cleanUps.push(() => rig.remove());
  return rig;
}

const sdk = `import { cancel, context, log, task, workflow, NonRetryableError, RetryAfterError } from "coflux";
const never = () => new Promise<never>(() => {});`;

const ignore = (): void => undefined;

/** Answers a request of an execution the way the server would. */
function answer(rig: ExecutorRig, { caller, request }: { caller: string; request: number }, outcome: unknown): void {
  rig.send({ kind: "answer", caller, request, execution: "Rbcdfghj:9:1", outcome });
}

/** Answers the next calls and submissions in their order. */
async function answerCalls(rig: ExecutorRig, caller: string, outcomes: readonly unknown[]): Promise<void> {
  for (const outcome of outcomes) {
    const { request, isAwaited } = await rig.take("submit");
    if (isAwaited) answer(rig, { caller, request }, outcome);
    else {
      rig.send({ kind: "submitted", caller, request, execution: "Rbcdfghj:9:1" });
      answer(rig, await rig.take("await"), outcome);
    }
  }
}

async function linesOf(
  rig: ExecutorRig,
  execution: string,
  count: number,
): Promise<[sequence: number, level: number, text: string][]> {
  const lines: [number, number, string][] = [];
  while (lines.length < count) {
    const { entries } = await rig.take("logs");
    if (!Array.isArray(entries)) throw new Error("log entries are a list");
    for (const entry of entries)
      if (entry.execution === execution) lines.push([entry.sequence, entry.level, entry.template]);
  }
  return lines;
}

describe("loading", () => {
  test("on trial tells what the repositories define", async () => {
    const source = `${sdk}
      export const greet = workflow({ description: "Says hello", timeout: "1m", retries: 2 }, async (name: string, { loud } = { loud: false }, ...rest: string[]) => name);
      export const other = task({ name: "renamed" }, async () => 1);
      export const notATarget = () => 1;
      export type Also = string;`;
    const rig = await rigOf(source, { isTrial: true });
    const loaded = await rig.loaded;
    expect(loaded).toMatchObject({
      kind: "ready",
      repositories: [
        {
          targets: [
            {
              name: "greet",
              type: "workflow",
              description: "Says hello",
              parameters: [
                { name: "name", isOptional: false, isRest: false },
                { name: "arg2", isOptional: true, isRest: false },
                { name: "rest", isOptional: true, isRest: true },
              ],
              options: { timeoutMs: 60_000, retries: { limit: 2 } },
            },
            { name: "renamed", type: "task", parameters: [] },
          ],
        },
      ],
    });
  });

  test("on trial tells the parameters as they were written, whatever the build made of them", async () => {
    const source = `${sdk} import { send, receive } from "./other.ts"; import old from "./old.cjs"; export const to = 1; export const text = 2;
      export const first = workflow(async (to: string, text?: Map<string, number>, loud = true, ...rest: string[]) => [to, text, loud, rest]);
      export const spread = task(async function (
        to: (text?: string) => void, // or text?
        text? : { a?: 1, b: 2 },
      ) { return [to, text]; });
      const named = async (x2?: string) => x2;
      export const third = task({ timeout: "1m" }, named);
      export const same = task((a: string) => a);
      export const sameButOptional = task((a?: string) => a);
      export const abroad = task(async (größe: number, { x }: { x: number }) => größe * x);
      export { send, receive, old };`;
    const more = {
      "other.ts": `import { task } from "coflux"; const to = 3; export const send = task(async (to?: string) => to); export const receive = task((to: number) => -to);`,
      "old.cjs": `const { task } = require("coflux"); const text = 1; module.exports = task({ name: "old" }, (to, text) => to);`,
    };
    const rig = await rigOf(source, { isTrial: true, more });
    const loaded = await rig.loaded;
    if (loaded.kind === "failed") throw new Error(loaded.message);
    const shown = loaded.repositories[0]?.targets.map(({ name, parameters }) => [
      name,
      ...parameters.map(({ name: each, isOptional }) => `${each}${isOptional ? "?" : ""}`),
    ]);
    expect(shown?.toSorted()).toEqual([
      ["abroad", "größe", "arg2"],
      ["first", "to", "text?", "loud?", "rest?"],
      ["old", "to?", "text?"], // JavaScript cannot say that they may be left out.
      ["receive", "to"],
      ["same", "a?"], // The code of both is the same, so either could be meant.
      ["sameButOptional", "a?"],
      ["send", "to?"],
      ["spread", "to", "text?"],
      ["third", "x2?"],
    ]);
  });

  test.each([
    [
      "two targets have one name",
      `export const a = task(() => 1); export const b = task({ name: "a" }, () => 2);`,
      /flows\.ts: the exports "a" and "b" both define a target named "a"/,
    ],
    [
      "a target is exported by no hosted module",
      `export const a = task(() => 1);\nconst hidden = task(async function hide() {});`,
      /^defined, but exported by no module that this agent hosts[^]*\n {2}flows\.ts:3: task hide\nexport it/,
    ],
    ["the module throws", `\nthrow new Error("no database");`, /^Error: no database\n    at .*flows\.ts:3:7/],
    [
      "a package has no such export",
      `\nimport { worklow } from "coflux"; export const a = task(() => worklow);`,
      /^flows\.ts:3:10: The requested module '.*' does not provide an export named 'worklow'\n {4}import \{ worklow \} from "coflux";/,
    ],
    [
      "an option is wrong",
      `export const a = task({ timeout: "soon" }, () => 1);`,
      /^TypeError: option "timeout" of an unnamed task[^\n]*\n    at [^\n]*flows\.ts:2:\d+$/,
    ],
  ])("fails with the reason when %s", async (_when, source, reason) => {
    const rig = await rigOf(`${sdk}${source}`);
    const loaded = await rig.loaded;
    expect(loaded.kind).toBe("failed");
    expect(loaded.kind === "failed" ? (loaded.stack ?? loaded.message) : "").toMatch(reason);
    await rig.ended;
  });

  test("on trial says which file is being evaluated, so that one that hangs has a name", async () => {
    const rig = await rigOf(`import "./first.ts"; import "./hangs.ts"; import "./never.ts";`, {
      isTrial: true,
      more: { "first.ts": "console.log(1);", "hangs.ts": "await new Promise(() => {});", "never.ts": "" },
    });
    const files = [await rig.take("evaluating"), await rig.take("evaluating")].map(({ file }) => file);
    expect(files).toEqual([`${rig.directory}/first.ts`, `${rig.directory}/hangs.ts`]);
  });
});

describe("an execution", () => {
  test("gets its arguments and gives its result, rich values included", async () => {
    const rig = await rigOf(`${sdk} export const it = task((a: Date, b = 2) => new Map([[a.getTime(), b]]));`);
    const outcome = await rig.run("flows/it", { $: "date", v: "1970-01-01T00:00:01.000Z" });
    expect(outcome).toEqual([0, JSON.stringify({ $: "map", v: [[1000, 2]] })]);
  });

  test("knows where it is", async () => {
    const rig = await rigOf(
      `${sdk} export const it = task(() => { const { signal, ...rest } = context(); return { ...rest, aborted: signal.aborted, directory: 0 }; });`,
    );
    expect(await rig.run("flows/it")).toEqual([
      0,
      JSON.stringify({
        runId: "Rbcdfghj",
        stepId: "Rbcdfghj:1",
        executionId: "Rbcdfghj:1:1",
        attempt: 1,
        target: "flows/it",
        project: "default",
        environment: "development/joe",
        directory: 0,
        aborted: false,
      }),
    ]);
  });

  test("has a directory of its own while it runs", async () => {
    const rig = await rigOf(`${sdk} import { writeFileSync } from "node:fs"; import { join } from "node:path";
      export const it = task(() => { const { directory } = context(); writeFileSync(join(directory, "a"), "a"); return directory; });`);
    const outcome = await rig.run("flows/it");
    const directory: string = Array.isArray(outcome) ? JSON.parse(outcome[1]) : "";
    expect(directory.startsWith(rig.temporaryDirectory)).toBe(true);
    await expect.poll(() => existsSync(directory)).toBe(false);
  });

  test("asks for calls in the order in which it makes them, all of one turn at once, without waiting for answers", async () => {
    const rig = await rigOf(`${sdk} export const it = task(async (n: number) => n);
      export const all = workflow(async () => { const first = it.submit(1); const sum = Promise.all([it(2), first.result(), it(3)]); return (await sum).join(); });`);
    const caller = rig.execute("flows/all");
    const requests = [await rig.take("submit"), await rig.take("submit"), await rig.take("submit")];
    expect(requests.map(({ request, isAwaited, arguments: values }) => [request, isAwaited, values])).toEqual([
      [1, false, ["1"]],
      [2, true, ["2"]],
      [3, true, ["3"]],
    ]);
    rig.send({ kind: "submitted", caller, request: 1, execution: "Rbcdfghj:9:1" });
    const waits = await rig.take("await");
    expect(waits).toMatchObject({ caller, execution: "Rbcdfghj:9:1", isPeek: false });
    for (const request of [3, waits.request, 2]) answer(rig, { caller, request }, [0, String(request * 10)]);
    expect((await rig.take("outcome")).outcome).toEqual([0, JSON.stringify("20,40,30")]);
  });

  test("ends after what it submitted is known to be submitted, and not before", async () => {
    const rig = await rigOf(`${sdk} export const it = task(async (other?: unknown) => 1);
      export const fire = workflow(async () => { it.submit(it.submit()); });`);
    const caller = rig.execute("flows/fire");
    await rig.take("submit");
    rig.send({ kind: "submitted", caller, request: 1, execution: "Rbcdfghj:2:1" });
    expect(await rig.take("submit")).toMatchObject({
      request: 2,
      arguments: [[JSON.stringify({ $: "ref", v: 0 }), [["e", "Rbcdfghj:2:1", "flows/it"]]]],
    });
    rig.send({ kind: "submitted", caller, request: 2, execution: "Rbcdfghj:3:1" });
    expect(await rig.take("outcome")).toMatchObject({ execution: caller, hasStopped: true });
  });

  test("hears why a request was refused", async () => {
    const rig = await rigOf(`${sdk} export const it = task(async () => 1);
      export const all = workflow(async () => { try { await it(); } catch (error) { return [error.name, error.message]; } });`);
    const caller = rig.execute("flows/all");
    const { request } = await rig.take("submit");
    rig.send({ kind: "refused", caller, request, code: "target_not_found", message: "flows/it is hosted nowhere" });
    expect((await rig.take("outcome")).outcome).toEqual([
      0,
      JSON.stringify(["UnknownTargetError", "flows/it is hosted nowhere"]),
    ]);
  });

  test("polls, and gives up waiting when it has waited long enough", async () => {
    const rig = await rigOf(`${sdk} export const it = task(async () => 1);
      export const all = workflow(async () => { const one = it.submit(); return [await one.poll(), await one.poll({ timeout: "10ms" })].map(({ done }) => done); });`);
    const caller = rig.execute("flows/all");
    await rig.take("submit");
    rig.send({ kind: "submitted", caller, request: 1, execution: "Rbcdfghj:2:1" });
    const peek = await rig.take("await", ({ isPeek }) => isPeek);
    rig.send({ kind: "answer", caller, request: peek.request, execution: "Rbcdfghj:2:1", outcome: null });
    const wait = await rig.take("await", ({ isPeek }) => !isPeek);
    expect(await rig.take("unawait")).toMatchObject({ caller, request: wait.request });
    expect((await rig.take("outcome")).outcome).toEqual([0, "[false,false]"]);
  });

  test("of a target that is not loaded fails and says so", async () => {
    const rig = await rigOf(sdk);
    expect(await rig.run("flows/gone")).toMatchObject([
      1,
      { message: expect.stringContaining("flows/gone is not in the repositories") },
    ]);
  });
});

describe("an error", () => {
  test("carries type, message, properties, cause and frames in the source", async () => {
    const rig = await rigOf(
      `${sdk} import { refuse } from "./lib/refuse.ts";\nexport const it = task(async () => {\n  await null;\n  try { refuse("card"); } catch (cause) {\n    throw new Error("outer", { cause });\n  }\n});`,
      {
        more: {
          "lib/refuse.ts": `export class Declined extends TypeError {\n  override name = "Declined"; code = 7;\n}\nexport function refuse(what: string): never {\n  throw new Declined(what);\n}`,
        },
      },
    );
    const [, error] = (await rig.run("flows/it")) as [number, { cause: { stack: string } }]; // A failed outcome travels so.
    expect(error).toMatchObject({
      type: "Error",
      message: "outer",
      frames: [
        {
          function: "it",
          file: "flows.ts",
          line: 6,
          column: 11,
          code: `throw new Error("outer", { cause });`,
          inApp: true,
        },
      ],
      cause: {
        type: "Declined",
        message: "card",
        value: JSON.stringify({ code: 7 }),
        frames: [
          {
            function: "refuse",
            file: "lib/refuse.ts",
            line: 5,
            column: 9,
            code: "throw new Declined(what);",
            inApp: true,
          },
          { function: "it", file: "flows.ts", line: 5 },
        ],
      },
    });
    expect(error.cause.stack).toContain(`at refuse (${rig.directory}/lib/refuse.ts:5:9)`);
    expect(error.cause.stack).not.toContain("executor");
  });

  const calls = `${sdk}
export const ok = task(async (value: unknown) => value);
export const returns = task(async () => ({ handler: () => 1 }));
export const passes = workflow(async () => await ok({ handler: () => 1 }));
export const submits = workflow(async () => { ok.submit(Symbol("s")); });
export const refused = workflow(async () => await ok(1));
export const refusedLater = workflow(async () => await ok.submit(1).id);
export const refusedResult = workflow(async () => await ok.submit(1).result());
export const polls = workflow(async () => await ok.submit(1).poll({ timeout: "soon" as "1s" }));
export const bad = workflow(async () => ok.with({ retry: 1 } as object));
export const takes = task(async (value: unknown) => value);
`;

  test.each([
    ["a result that cannot cross names the target", "returns", "SerializationError", 4],
    ["an argument that cannot cross names the call", "passes", "SerializationError", 5],
    ["an argument of a submission names the submission", "submits", "SerializationError", 6],
    ["a target that nobody hosts names the call", "refused", "UnknownTargetError", 7],
    ["so does one that was submitted", "refusedLater", "UnknownTargetError", 8],
    ["and one whose result is asked for", "refusedResult", "UnknownTargetError", 9],
    ["a wrong timeout names the poll", "polls", "TypeError", 10],
    ["an unknown option names where it is given", "bad", "TypeError", 11],
  ])("of ours shows the user's line and none of our files: %s", async (_what, target, type, line) => {
    const rig = await rigOf(calls);
    const execution = rig.execute(`flows/${target}`);
    void rig.take("submit").then(({ caller, request }) => {
      rig.send({ kind: "refused", caller, request, code: "target_not_found", message: "no agent has it" });
    }, ignore);
    const { outcome } = await rig.take("outcome", (message) => message.execution === execution);
    const [, error] = outcome as [number, { type: string; stack: string; frames: object[] }]; // A failed outcome travels so.
    expect(error.type).toBe(type);
    expect(error.frames[0]).toMatchObject({ file: "flows.ts", line, inApp: true });
    expect(error.stack).toMatch(/^\w+Error: /);
    expect(error.frames).toEqual(error.frames.filter((frame) => JSON.stringify(frame).includes("flows.ts")));
  });

  test("about an argument that cannot be read names the target", async () => {
    const rig = await rigOf(calls);
    const outcome = await rig.run("flows/takes", { $: "map", v: 7 });
    expect(outcome).toMatchObject([1, { type: "SerializationError", frames: [{ file: "flows.ts", line: 12 }] }]);
  });

  test("on the first line of a file has the column that its author sees", async () => {
    const rig = await rigOf(`export const it = task(() => { throw new Error("x"); }); import { task } from "coflux";`);
    expect(await rig.run("flows/it")).toMatchObject([1, { frames: [{ line: 1, column: 38 }] }]);
  });

  test.each([
    ["any error is left to the policy of the target", `throw new Error("x")`, { mayRetry: true, retryAfterMs: null }],
    ["NonRetryableError forbids retries", `throw new NonRetryableError("x")`, { mayRetry: false }],
    ["RetryAfterError asks for a delay", `throw new RetryAfterError("3s")`, { mayRetry: true, retryAfterMs: 3_000 }],
    ["what is no error can be thrown too", `throw { code: 3 }`, { mayRetry: true }],
    ["a result that is no value is not tried again", `return () => 1`, { mayRetry: false }],
  ])("%s", async (_sentence, statement, expected) => {
    const rig = await rigOf(`${sdk} export const it = task({ retries: 3 }, () => { ${statement}; });`);
    rig.execute("flows/it");
    expect(await rig.take("outcome")).toMatchObject({ ...expected, outcome: [1, expect.anything()], hasStopped: true });
  });

  test.each([
    ["error.message === 'again'", "again", true],
    ["error.message === 'again'", "never", false],
    ["(() => { throw new Error('in when'); })()", "again", false],
  ])("retries.when is asked with the error: %s, %s", async (when, message, mayRetry) => {
    const rig = await rigOf(
      `${sdk} export const it = task({ retries: { limit: 3, when: (error: any) => ${when} } }, (message: string) => { throw new Error(message); });`,
    );
    rig.execute("flows/it", [message]);
    expect(await rig.take("outcome")).toMatchObject({ mayRetry });
  });
});

describe("what is printed and logged", () => {
  test("belongs to the execution that did it, in order, also when several run at once", async () => {
    const rig = await rigOf(`${sdk} import { setTimeout as delay } from "node:timers/promises";
      console.log("while loading");
      export const chatty = task(async (name: string) => {
        log.info("I am {name}", { name });
        await delay(5);
        console.log(name, 1);
        process.stdout.write(name + " pa");
        await delay(5);
        process.stdout.write("rtial\\nrest");
        console.error("oh", name);
        console.log("two\\nlines");
      });`);
    const [a, b] = [rig.execute("flows/chatty", ["a"]), rig.execute("flows/chatty", ["b"])];
    const expected = (name: string) => [
      [1, 2, "I am {name}"],
      [2, 1, `${name} 1`],
      [3, 1, `${name} partial`],
      [4, 3, `oh ${name}`],
      [5, 1, "resttwo\nlines"],
    ];
    const entries = (await Promise.all([rig.take("logs"), rig.take("logs")])).flatMap((logs) => logs.entries);
    const of = (execution: string) =>
      entries
        .filter((entry): entry is { execution: string; sequence: number; level: number; template: string } => {
          return typeof entry === "object" && entry !== null && "execution" in entry && entry.execution === execution;
        })
        .map(({ sequence, level, template }) => [sequence, level, template]);
    expect(of(a)).toEqual(expected("a"));
    expect(of(b)).toEqual(expected("b"));
    expect(rig.output).toEqual(["while loading"]);
  });

  test("in a flood is cut off, and the number of lost lines is told", async () => {
    const rig = await rigOf(
      `${sdk} export const it = task(() => { for (let line = 1; line <= 5000; line++) console.log("line", line); });`,
    );
    const execution = rig.execute("flows/it");
    const lines = await linesOf(rig, execution, 1_001);
    expect(lines[999]).toEqual([1_000, 1, "line 1000"]);
    expect(lines[1_000]).toEqual([1_001, 4, expect.stringContaining("log lines were dropped")]);
  });
});

describe("an execution that is to stop", () => {
  const source = `${sdk}
    export const it = task(async () => 1);
    export const waits = workflow(async () => { try { await it(); } catch (error) { log.info("{name}", { name: error.name }); throw error; } });
    export const obeys = task({ timeout: "50ms" }, async () => { const { signal } = context(); await new Promise((done) => signal.addEventListener("abort", done)); console.log(signal.reason.name); });
    export const blocks = task(async () => { for (;;); });`;

  test("when it is cancelled hears it, what it waits for rejects, and the server hears when it has stopped", async () => {
    const rig = await rigOf(source);
    const execution = rig.execute("flows/waits");
    await rig.take("submit");
    rig.send({ kind: "abort", execution, reason: "cancelled" });
    expect(await rig.take("stopped")).toEqual({ kind: "stopped", execution });
    const { entries } = await rig.take("logs");
    expect(entries).toMatchObject([{ values: JSON.stringify({ name: "ExecutionCancelled" }) }]);
  });

  test("when its time is over is reported at once, and again when it has stopped", async () => {
    const rig = await rigOf(source);
    const execution = rig.execute("flows/obeys", [], { timeoutMs: 50 });
    expect(await rig.take("started")).toEqual({ kind: "started", execution });
    expect(await rig.take("outcome")).toMatchObject({ execution, outcome: [4], hasStopped: false });
    expect(await rig.take("stopped")).toEqual({ kind: "stopped", execution });
    expect(await linesOf(rig, execution, 1)).toEqual([[1, 1, "ExecutionTimeout"]]);
  });

  test("says that its function has begun before that can block", async () => {
    const rig = await rigOf(source);
    const execution = rig.execute("flows/blocks", [], { timeoutMs: 60_000 });
    expect(await rig.take("started")).toEqual({ kind: "started", execution });
  });
});

describe("code that goes wrong beside the others", () => {
  const source = `${sdk}
    export const one = task(async () => 1);
    export const rejects = task(async () => { void Promise.reject(new Error("unseen")); await new Promise((done) => setTimeout(done, 10)); return "went on"; });
    export const throwsLater = task(async () => { setTimeout(() => { throw new Error("in a callback"); }, 1); await never(); });
    export const throwsOutside = task(async () => { globalThis.bomb?.(); return 1; });
    export const exits = task(async (code: number) => { console.log("bye"); process.exit(code); });
    globalThis.bomb = undefined;`;

  test("a rejection that nobody sees is logged, and nothing else happens", async () => {
    const rig = await rigOf(source);
    const execution = rig.execute("flows/rejects");
    expect((await rig.take("outcome")).outcome).toEqual([0, JSON.stringify("went on")]);
    expect(await linesOf(rig, execution, 1)).toEqual([[1, 5, "unhandled rejection: {reason}"]]);
  });

  const calling = (body: string) =>
    `${sdk} export const sub = task(async (n: number) => n); export const main = workflow(async () => { ${body} });`;
  const failed = outcomeField.pack({ kind: "failed", error: encodeError(new TypeError("bad row")) });

  test.each([
    ["a call", `sub(1); await sub(2); return "went on";`],
    ["what was made of a call", `sub(1).then((n) => n + 1); await sub(2); return "went on";`],
    ["a result", `void sub.submit(1).result(); await sub(2); return "went on";`],
  ])("the failure of %s that nobody awaited is a warning at the end", async (_what, body) => {
    const rig = await rigOf(calling(body));
    const caller = rig.execute("flows/main");
    await answerCalls(rig, caller, [failed, [0, "2"]]);
    expect((await rig.take("outcome")).outcome).toEqual([0, JSON.stringify("went on")]);
    const values = JSON.stringify({ error: "flows/sub (Rbcdfghj:9:1) failed with TypeError: bad row" });
    const line = { execution: caller, level: 4, template: "result never read: {error}", values };
    expect(await rig.take("logs")).toMatchObject({ entries: [line] });
    expect(rig.output).toEqual([]);
  });

  test.each([
    ["is awaited later", `const late = sub(1); await sub(2); await late.catch(() => log.info("seen"));`],
    ["is awaited with others", `await Promise.allSettled([sub(1), sub(2)]); log.info("seen");`],
    ["ends its caller", `const one = sub(1); await sub(2); log.info("seen"); await one;`],
  ])("the failure of a call that %s is none", async (_when, body) => {
    const rig = await rigOf(calling(body));
    const caller = rig.execute("flows/main");
    await answerCalls(rig, caller, [failed, [0, "2"]]);
    await rig.take("outcome");
    expect(await rig.take("logs")).toMatchObject({ entries: [{ template: "seen" }] });
  });

  test("what a cancelled execution still waited for is no failure", async () => {
    const rig = await rigOf(
      calling(
        `const aborted = () => new Promise((done) => context().signal.addEventListener("abort", done)); sub(1); void sub.submit(2).result(); log.info("seen"); await aborted();`,
      ),
    );
    const execution = rig.execute("flows/main");
    await rig.take("submit");
    rig.send({ kind: "abort", execution, reason: "cancelled" });
    await rig.take("stopped");
    expect(await rig.take("logs")).toMatchObject({ entries: [{ template: "seen" }] });
    expect(rig.output).toEqual([]);
  });

  test("an exception in what outlived its execution is logged there, and ends nothing else", async () => {
    const rig = await rigOf(`${sdk}
      export const late = task(async () => { log.info("in time"); setTimeout(() => { throw new Error("late"); }, 20); return 1; });
      export const rejects = task(async () => { setTimeout(() => void Promise.reject(new Error("later")), 20); return 1; });
      export const hangs = task(async (ms: number) => { await new Promise((done) => setTimeout(done, ms)); return 2; });`);
    const hangs = rig.execute("flows/hangs", [200]);
    const late = rig.execute("flows/late");
    expect(await linesOf(rig, late, 2)).toEqual([
      [1, 2, "in time"],
      [2, 5, "thrown after the end of the execution: {error}"],
    ]);
    const rejects = rig.execute("flows/rejects");
    expect(await linesOf(rig, rejects, 1)).toEqual([[1, 5, "rejected after the end of the execution: {error}"]]);
    const { outcome } = await rig.take("outcome", (message) => message.execution === hangs);
    expect(outcome).toEqual([0, "2"]);
  });

  test("an exception in a callback fails the execution that started it, and nothing else", async () => {
    const rig = await rigOf(source);
    const execution = rig.execute("flows/throwsLater");
    expect(await rig.take("outcome")).toMatchObject({
      execution,
      outcome: [1, { message: "in a callback" }],
      hasStopped: false,
    });
    expect(await rig.run("flows/one")).toEqual([0, "1"]);
  });

  test("an exception outside of any execution ends the executor with its stack", async () => {
    const rig = await rigOf(
      `${sdk} setTimeout(() => { throw new Error("from the module"); }, 50); export const one = task(() => 1);`,
    );
    expect(await rig.ended).toMatch(
      /ended with code 1; it last wrote:\nuncaught exception outside of any execution: Error: from the module\n {4}at .*flows\.ts:2/,
    );
  });

  test("process.exit is told with the execution that called it, after everything that was said before", async () => {
    const rig = await rigOf(source);
    const execution = rig.execute("flows/exits", [3]);
    expect(await linesOf(rig, execution, 1)).toEqual([[1, 1, "bye"]]);
    expect(await rig.take("exiting")).toEqual({ kind: "exiting", code: 3, execution });
    expect(await rig.ended).toBe("ended with code 3");
  });
});

describe("large values", () => {
  test("travel as blobs, stored before the message that names them, and fetched before the function is called", async () => {
    const server = await scriptedServer();
    cleanUps.push(() => server.close());
    const rig = await rigOf(
      `${sdk} export const it = task((text: string) => text.length); export const grow = workflow(async (n: number) => { void it("x".repeat(n)); return "y".repeat(n); });`,
      { blobsUrl: `${server.url}/blobs` },
    );
    rig.execute("flows/grow", [100_000]);
    const { arguments: values, caller } = await rig.take("submit");
    expect(values).toEqual([[expect.stringMatching(/^[0-9a-f]{64}$/), 100_002, []]]);
    expect((await rig.take("outcome", ({ execution }) => execution === caller)).outcome).toMatchObject([
      0,
      [expect.any(String), 100_002, []],
    ]);
    expect([...server.blobs.values()].map(({ byteLength }) => byteLength)).toEqual([100_002, 100_002]);
    rig.send({
      kind: "execute",
      execution: "Rbcdfghj:7:1",
      target: "flows/it",
      arguments: values,
      timeoutMs: null,
      isolation: "shared",
    });
    expect((await rig.take("outcome")).outcome).toEqual([0, "100000"]);
  });

  test("that cannot be fetched fail the execution", async () => {
    const server = await scriptedServer();
    cleanUps.push(() => server.close());
    const rig = await rigOf(`${sdk} export const it = task((text: string) => text.length);`, {
      blobsUrl: `${server.url}/blobs`,
    });
    const key = "0".repeat(64);
    rig.send({
      kind: "execute",
      execution: "Rbcdfghj:7:1",
      target: "flows/it",
      arguments: [[key, 5, []]],
      timeoutMs: null,
      isolation: "shared",
    });
    expect((await rig.take("outcome")).outcome).toMatchObject([
      1,
      { message: expect.stringContaining("the server answered 404") },
    ]);
  });

  test.each([
    ["no JSON", "hello", "args[1] is not JSON text"],
    ["no UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "args[1] is a blob of 3 bytes that cannot be read as UTF-8 text"],
    ["of a tag that nobody knows", '{"a":{"$":"temporal","v":1}}', 'args[1].a has the unknown tag "temporal"'],
    ["too deep", `${"[".repeat(65)}${"]".repeat(65)}`, "lies deeper than 64 levels"],
  ])("that hold a text that is %s fail the execution and name the argument", async (_, text, message) => {
    const server = await scriptedServer();
    cleanUps.push(() => server.close());
    const rig = await rigOf(`${sdk} export const it = task((...texts: string[]) => texts.length);`, {
      blobsUrl: `${server.url}/blobs`,
    });
    const bytes = Buffer.from(text);
    const key = createHash("sha256").update(bytes).digest("hex");
    server.blobs.set(key, bytes);
    rig.send({
      kind: "execute",
      execution: "Rbcdfghj:7:1",
      target: "flows/it",
      arguments: ["1", [key, bytes.byteLength, []]],
      timeoutMs: null,
      isolation: "shared",
    });
    expect((await rig.take("outcome")).outcome).toMatchObject([
      1,
      { type: "SerializationError", message: expect.stringContaining(message) },
    ]);
  });

  test("many middle-sized arguments of one call fit into its message, the largest as blobs", async () => {
    const server = await scriptedServer();
    cleanUps.push(() => server.close());
    const rig = await rigOf(
      `${sdk} export const it = task((...texts: string[]) => 1); export const grow = workflow(async () => { await it(...Array.from({ length: 64 }, (_, index) => "x".repeat(20000 + index))); });`,
      { blobsUrl: `${server.url}/blobs` },
    );
    rig.execute("flows/grow");
    const { arguments: values } = await rig.take("submit");
    const list = Array.isArray(values) ? values : [];
    expect(list).toHaveLength(64);
    expect(list.filter((value) => typeof value === "string").length).toBeGreaterThan(20);
    expect(server.blobs.size).toBeGreaterThan(10);
  });
});

test("an executor that is dismissed ends, whatever still runs in it", async () => {
  const rig = await rigOf(`${sdk} export const it = task(never);`);
  await rig.loaded;
  rig.execute("flows/it");
  rig.process.dismiss();
  expect(await rig.ended).toBe("ended with code 0");
});
