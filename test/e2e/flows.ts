import { appendFileSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { ExecutionError, NonRetryableError, RetryAfterError, cancel, context, log, task, workflow } from "coflux";
import { brokenAt } from "./broken.ts";

// What the end-to-end tests run. Where a test must know that something really happened, a line goes into the file it names.

/** Appends one line in one write: the witness that a function started. */
function witness(path: string | undefined, line: string): void {
  if (path !== undefined) appendFileSync(path, `${line}\n`);
}

export const add = task(async (a: number, b: number) => a + b);
export const empty = workflow(async () => null);
export const sum = workflow(async (a: number, b: number) => await add(a, b));

export const chain = workflow(async (length: number) => {
  let total = 0;
  for (let index = 0; index < length; index++) total = await add(total, 1);
  return total;
});

export const fanOut = workflow(async (width: number) => {
  const results = await Promise.all(Array.from({ length: width }, (_, index) => add(index, 1)));
  return results.reduce((total, result) => total + result, 0);
});

export const nest: (depth: number) => Promise<number> = task(async (depth: number): Promise<number> =>
  depth === 0 ? 0 : 1 + (await nest(depth - 1)),
);
export const nested = workflow(async (depth: number) => await nest(depth));

/** A workflow that calls a workflow: a run of its own. */
export const outer = workflow(async (a: number, b: number) => 10 * (await sum(a, b)));

/** Says that it runs, waits until there is a file of this name, and then calls on. */
export const callsLater = workflow(async (path: string, depth: number) => {
  witness(`${path}.started`, context().runId);
  while (!existsSync(path)) await delay(20);
  return (await nest(depth)) + (await outer(depth, 1));
});

export const echo = workflow(async (value: unknown) => value);

/** How long texts are that came as arguments. */
export const lengths = workflow(async (...texts: string[]) => texts.map(({ length }) => length));

export const same = task(async (value: unknown) => value);
export const relay = workflow(async (value: unknown) => await same(value));

export const fail = task(async (message: string) => brokenAt(message));
export const failing = workflow(async (message: string) => await fail(message));
export const caught = workflow(async (message: string) => {
  try {
    return await fail(message);
  } catch (error) {
    if (!(error instanceof ExecutionError)) throw error;
    return { type: error.type, message: error.message, isError: error instanceof Error };
  }
});

export const flaky = task({ retries: { limit: 3, backoff: "50ms" } }, async (succeedsAt: number, path?: string) => {
  const { attempt, executionId } = context();
  witness(path, executionId);
  if (attempt < succeedsAt) throw new Error(`attempt ${attempt} failed`);
  return attempt;
});
export const retried = workflow(async (succeedsAt: number, path?: string) => await flaky(succeedsAt, path));

export const refuse = task({ retries: 5 }, async () => {
  throw new NonRetryableError("never again");
});
export const notRetried = workflow(async () => await refuse());

export const comeBackLater = task({ retries: 2 }, async () => {
  if (context().attempt === 1) throw new RetryAfterError("300ms");
  return context().attempt;
});
export const retriedAfter = workflow(async () => await comeBackLater());

/** Runs until its signal aborts, and says so in the file. */
export const sleep = task(async (path: string) => {
  const { signal, executionId } = context();
  witness(path, `started ${executionId}`);
  await delay(600_000, undefined, { signal }).catch(() => undefined);
  witness(path, `aborted ${executionId}`);
  return "over";
});
/** Sleeps in its first attempt. */
export const sleepFirst = task(async (path: string) => (context().attempt === 1 ? await sleep.fn(path) : "awake"));
export const waker = workflow(async (path: string) => await sleepFirst(path));
export const sleeper = workflow(async (path: string) => await sleep(path));
export const sleepers = workflow(async (path: string, count: number) => {
  const sleeping = Array.from({ length: count }, () => sleep.submit(path));
  return await Promise.all(sleeping.map((one) => one.result()));
});

export const slow = task({ timeout: "200ms" }, async (path: string) => {
  const { signal, executionId } = context();
  witness(path, `started ${executionId}`);
  await delay(600_000, undefined, { signal }).catch(() => undefined);
  witness(path, `aborted ${executionId}`);
});
export const timesOut = workflow(async (path: string) => await slow(path));

export const cancelsOne = workflow(async (path: string) => {
  const doomed = sleep.submit(path);
  await doomed.id;
  await cancel([doomed]);
  return await doomed.result().then(
    () => "finished",
    (error: unknown) => (error instanceof Error ? error.name : "unknown"),
  );
});

/** Handles travel: the first is passed to a task, which waits for it. */
export const waitFor = task(async (handle: { result(): Promise<number> }) => (await handle.result()) + 1);
export const handles = workflow(async () => {
  const handle = add.submit(1, 2);
  return await waitFor(handle);
});
export const returnsHandle = workflow(async () => add.submit(20, 22));
export const followsHandle = workflow(async () => {
  const handle = await returnsHandle();
  return { id: await handle.id, result: await handle.result() };
});

export const chatty = workflow(async (lines: number) => {
  for (let line = 1; line <= lines; line++) log.info("line {line}", { line });
  console.log("printed");
  console.error("complained");
  process.stdout.write("written\n");
  return lines;
});

/** Says on what it was told in every way there is: to its log, on its streams, to a task that fails, and as its result. */
export const confides = workflow(async (secret: string) => {
  log.warn(`noted ${secret}`, { secret });
  console.log(secret);
  process.stderr.write(`${secret}\n`);
  await fail(secret).catch(() => undefined);
  return secret;
});

export const where = workflow({ isolation: "process" }, async () => process.pid);
/** Says what is its own, once there is a file of this name. */
export const surroundings = workflow(async (path: string) => {
  const { executionId, directory } = context();
  writeFileSync(`${directory}/${executionId}`, "");
  console.log(`before: ${executionId}`);
  witness(`${path}.started`, executionId);
  while (!existsSync(path)) await delay(20);
  console.log(`after: ${context().executionId}`);
  return { pid: process.pid, execution: context().executionId, directory, files: readdirSync(context().directory) };
});
export const exits = task(async (code: number) => process.exit(code));
export const exiting = workflow(async (code: number) => await exits(code));

/** Takes memory until there is none. */
export const exhaust = task(async () => {
  const kept: unknown[] = [];
  for (;;) kept.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
});
export const exhausting = workflow(async () => await exhaust());

/** Steps with a witness: each execution writes its id when it starts, so a second start of the same execution shows. */
export const mark = task(async (path: string, index: number, workMs: number) => {
  witness(path, context().executionId);
  if (workMs > 0) await delay(workMs);
  return index;
});
export const markRetried = task(
  { retries: { limit: 10, backoff: "50ms" } },
  async (path: string, index: number, workMs: number) => {
    witness(path, context().executionId);
    if (workMs > 0) await delay(workMs);
    return index;
  },
);
export const marked = workflow(
  { retries: { limit: 20, backoff: "50ms" } },
  async (path: string, steps: number, workMs: number) => {
    witness(path, context().executionId);
    let total = 0;
    for (let index = 0; index < steps; index++) total += await markRetried(path, index, workMs);
    return total;
  },
);

export const large = workflow(async (characters: number) => "x".repeat(characters));
export const largeObject = workflow(async (characters: number) => {
  return { text: "x".repeat(characters), when: new Date(0), handle: add.submit(1, 2) };
});
export const lengthOf = task(async (text: string) => text.length);
export const passesLarge = workflow(async (characters: number) => await lengthOf("y".repeat(characters)));
