import { afterEach, describe, expect, test } from "vitest";
import { type ExecutorPool, createExecutorPool } from "../../src/agent/executor-pool.ts";
import { EXECUTOR_PING_INTERVAL_MS, EXECUTOR_RESTART_FIRST_MS, LOAD_DEADLINE_MS } from "../../src/agent/limits.ts";
import { ABORT_GRACE_MS } from "../../src/protocol/limits.ts";
import { arrivals } from "../support/arrivals.ts";
import { buildSources } from "../support/executor-rig.ts";
import { executorBuild } from "../support/executor-build.ts";
import { virtualTime } from "../support/virtual-time.ts";

// Real executors, and time that moves when the test says so.

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

const run = "Rbcdfghjk";

async function poolOf(files: Readonly<Record<string, string>>, size = 1) {
  const { entry } = await executorBuild();
  const time = virtualTime();
  const heard = arrivals<string>("event");
  const output = arrivals<string>("line");
  const { builder, temporary, directory, bundle } = await buildSources({ files });
  cleanUps.push(
    () => temporary.remove(),
    () => builder.dispose(),
  );
  if (!bundle.ok) throw new Error(bundle.error);
  const pool: ExecutorPool = createExecutorPool({
    world: {
      clock: time.clock,
      timers: time.timers,
      endOfTurn: (end) => void setImmediate(end),
      entry,
      workingDirectory: directory,
      variables: process.env,
    },
    size,
    load: { project: "p", environment: "e", blobsUrl: "http://127.0.0.1:9", temporaryDirectory: temporary.path },
    onMessage: (message) => {
      if (message.kind === "started") heard.add(`${message.execution} started`);
      if (message.kind === "outcome") heard.add(`${message.execution} outcome`);
    },
    onAbandoned: (execution, reason) => heard.add(`${execution} abandoned: ${reason}`),
    onStopped: (execution) => heard.add(`${execution} stopped`),
    onTimedOut: (execution) => heard.add(`${execution} timed out`),
    onOutput: (line) => output.add(line),
    onBlocked: () => undefined,
    onExecutorEnded: (reason) => heard.add(`ended: ${reason}`),
  });
  cleanUps.push(async () => {
    const closed = pool.close();
    time.advance(60_000);
    await closed;
  });
  const start = (step: number, target: string, timeoutMs: number | null = null): string => {
    const execution = `${run}:${step}:1`;
    pool.start({
      kind: "execute",
      execution,
      target: `flows/${target}`,
      arguments: [],
      timeoutMs,
      isolation: "shared",
    });
    return execution;
  };
  /** Pings go out, and what does not answer them misses them. */
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += EXECUTOR_PING_INTERVAL_MS) time.advance(EXECUTOR_PING_INTERVAL_MS);
  };
  return { pool, time, heard, output, bundle: bundle.value, builder, directory, start, pass };
}

const source = `
import { task } from "coflux";
export const waits = task(() => new Promise(() => {}));
export const blocks = task(() => { console.log("blocking"); for (;;); });
export const one = task(() => 1);
`;

describe("a bundle on trial", () => {
  test("that does not finish loading is given up, with the name of the file that hangs", async () => {
    const { pool, pass, output, bundle } = await poolOf({
      "flows.ts": `import "./quick.ts"; import "./hangs.ts";`,
      "quick.ts": `console.log("quick");`,
      "hangs.ts": `console.log("hanging"); await new Promise(() => {});`,
    });
    const used = pool.use(bundle, () => undefined);
    await output.nextThat((line): line is string => line === "hanging");
    // What it said about itself before it printed that has arrived on another descriptor, and may not be read yet.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    pass(LOAD_DEADLINE_MS);
    const result = await used;
    expect(result.ok ? "" : result.error).toMatch(
      /^did not load within 15 s: it was still evaluating .*\/hangs\.ts; move what takes long/,
    );
  });

  test("that ends its own process is refused with the name of the file that does", async () => {
    const { pool, bundle } = await poolOf({ "flows.ts": `import "./exits.ts";`, "exits.ts": `process.exit(4);` });
    const result = await pool.use(bundle, () => undefined);
    expect(result.ok ? "" : result.error).toMatch(/exits\.ts could not be loaded: it called process\.exit\(4\)/);
  });

  test("that throws is refused with the places in its own files alone", async () => {
    const source = `export const again = () => import("./flows.ts"); throw new Error("not today");`;
    const { pool, bundle } = await poolOf({ "flows.ts": source });
    const result = await pool.use(bundle, () => undefined);
    expect(result.ok ? "" : result.error).toMatch(
      /flows\.ts could not be loaded:\nError: not today\n {4}at \S*flows\.ts \(\S*flows\.ts:1:56\)$/,
    );
  });

  test("leaves the one before in use when it is no good", async () => {
    const { pool, bundle, heard, start } = await poolOf({ "flows.ts": source });
    expect((await pool.use(bundle, () => undefined)).ok).toBe(true);
    const bad = { ...bundle, repositories: bundle.repositories.map((one) => ({ ...one, namespace: "gone" })) };
    const result = await pool.use(bad, () => undefined);
    expect(result.ok ? "" : result.error).toContain("the bundle has no gone for flows");
    expect(await heard.nextThat(isAbout(start(1, "one")))).toBe(`${run}:1:1 outcome`);
  });
});

const isAbout =
  (execution: string) =>
  (event: string): event is string =>
    event.startsWith(execution);

describe("an execution that blocks its executor", () => {
  test("after an abort takes the executor with it when the grace is over, and another one is started", async () => {
    const { pool, heard, start, pass, bundle } = await poolOf({ "flows.ts": source });
    await pool.use(bundle, () => undefined);
    const other = start(1, "waits");
    const execution = start(2, "blocks", 3_600_000);
    await heard.nextThat((event): event is string => event === `${execution} started`);
    pool.abort(execution, "cancelled");
    pass(ABORT_GRACE_MS + 1_000);
    expect(await heard.nextThat(isAbout(execution))).toBe(`${execution} stopped`);
    expect(await heard.nextThat(isAbout(other))).toMatch(/abandoned: its executor was killed: .* did not stop in time/);
    expect(await heard.nextThat(isAbout(start(3, "one")))).toBe(`${run}:3:1 outcome`);
  });

  test("times out by the agent's clock", async () => {
    const { pool, heard, start, pass, bundle } = await poolOf({ "flows.ts": source });
    await pool.use(bundle, () => undefined);
    const execution = start(1, "blocks", 2_000);
    await heard.nextThat((event): event is string => event === `${execution} started`);
    pass(4_000);
    expect(await heard.nextThat(isAbout(execution))).toBe(`${execution} timed out`);
  });

  test("gets no company", async () => {
    const { pool, heard, start, pass, bundle } = await poolOf({ "flows.ts": source });
    await pool.use(bundle, () => undefined);
    const execution = start(1, "blocks", 3_600_000);
    await heard.nextThat((event): event is string => event === `${execution} started`);
    pass(2_000);
    const waiting = start(2, "one");
    pool.abort(waiting, "cancelled");
    expect(await heard.nextThat(isAbout(waiting))).toBe(`${waiting} stopped`);
  });

  test("when everything has to stop is killed in time, and new work goes to a new executor", async () => {
    const { pool, heard, start, pass, bundle } = await poolOf({ "flows.ts": source });
    await pool.use(bundle, () => undefined);
    const waits = start(1, "waits");
    const blocks = start(2, "blocks", 3_600_000);
    await heard.nextThat((event): event is string => event === `${blocks} started`);
    pool.stopBusy(2_000);
    expect(await heard.nextThat(isAbout(start(3, "one")))).toBe(`${run}:3:1 outcome`);
    pass(3_000);
    for (const execution of [waits, blocks])
      expect(await heard.nextThat(isAbout(execution))).toBe(`${execution} stopped`);
  });
});

test("an executor that keeps ending is started again after longer and longer delays", async () => {
  const { pool, heard, time, bundle, output } = await poolOf({
    "flows.ts": `setTimeout(() => { console.log("loaded"); process.exit(1); }, 20);`,
  });
  await pool.use(bundle, () => undefined);
  const loads = async (): Promise<void> => void (await output.nextThat((line): line is string => line === "loaded"));
  const ends = async (): Promise<void> =>
    void (await heard.nextThat((event): event is string => event.startsWith("ended")));
  await loads();
  await ends();
  await loads(); // The first time at once.
  await ends();
  expect(output.waiting).toEqual([]);
  time.advance(EXECUTOR_RESTART_FIRST_MS + EXECUTOR_PING_INTERVAL_MS);
  await loads();
  await ends();
  time.advance(EXECUTOR_RESTART_FIRST_MS * 2 + EXECUTOR_PING_INTERVAL_MS);
  await loads();
});
