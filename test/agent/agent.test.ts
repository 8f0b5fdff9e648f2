import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { AgentCommand, AgentMessage } from "../../src/protocol/agent-messages.ts";
import { type AgentOptions, agentExitCodes } from "../../src/protocol/agent-run.ts";
import { eventually } from "../support/eventually.ts";
import { descendantsOf } from "../support/process-tree.ts";
import { type ScriptedServer, scriptedServer } from "../support/scripted-server.ts";
import { type AgentUnderTest, agentUnderTest } from "../support/test-agent.ts";

// A whole agent with real executors, and a server that says what the test tells it to.

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

interface Started {
  readonly server: ScriptedServer;
  readonly agent: AgentUnderTest;
}

async function started(source: string, options: Partial<AgentOptions> = {}): Promise<Started> {
  const server = await scriptedServer();
  cleanUps.push(() => server.close());
  const agent = await agentUnderTest(server.url, { "flows.ts": source }, options);
  cleanUps.push(() => agent.remove());
  return { server, agent };
}

const flows = `
import { appendFileSync, writeSync } from "node:fs";
import { context, task, workflow } from "coflux";
export const add = task(async (a: number, b: number) => a + b);
export const sum = workflow(async (a: number, b: number) => await add(a, b));
export const fire = workflow(async () => { add.submit(1, 2); await new Promise(() => {}); });
export const mark = task(async (path: string) => { appendFileSync(path, context().executionId + "\\n"); });
export const until = task(async (path: string) => {
  const { signal, executionId } = context();
  appendFileSync(path, "started " + executionId + "\\n");
  appendFileSync(path + ".pid", String(process.pid));
  await new Promise((done) => signal.addEventListener("abort", done));
  appendFileSync(path, "aborted " + executionId + "\\n");
});
export const pid = task(async () => process.pid);
export const crash = task(async () => { writeSync(2, "last words\\n"); process.kill(process.pid, "SIGKILL"); await new Promise(() => {}); });
export const complains = task(async () => { console.error("cannot go on"); process.kill(process.pid, "SIGKILL"); await new Promise(() => {}); });
export const fatal = task(async () => { writeSync(2, "FATAL ERROR: heap out of memory\\n" + "native frame\\n".repeat(20)); process.kill(process.pid, "SIGKILL"); await new Promise(() => {}); });
export const outOfMemory = task(async () => { writeSync(2, "<--- Last few GCs --->\\n[1:0x1] 9 ms: Scavenge\\nFATAL ERROR: heap out of memory\\n----- Native stack trace -----\\n\\n 1: 0xb83f50 node::Abort() [node]\\n18: 0x10ea385 v8::internal::Heap\\n"); process.kill(process.pid, "SIGKILL"); await new Promise(() => {}); });
export const exits = task(async () => process.exit(4));
export const block = task(async (ms: number) => { const end = Date.now() + ms; while (Date.now() < end); });
`;

const run = "Rbcdfghjk";
const id = (step: number): string => `${run}:${step}:1`;

function execute(execution: string, target: string, ...values: unknown[]): Extract<AgentCommand, { kind: "execute" }> {
  return {
    kind: "execute",
    execution,
    target,
    arguments: values.map((value) => ({ kind: "inline", data: JSON.stringify(value), references: [] })),
    timeoutMs: null,
    isolation: "shared",
  };
}

const succeeded = (value: unknown) =>
  ({ kind: "succeeded", value: { kind: "inline", data: JSON.stringify(value), references: [] } }) as const;

type Of<K extends AgentMessage["kind"]> = Extract<AgentMessage, { kind: K }>;

const of =
  (execution: string) =>
  (message: Of<"outcome"> | Of<"stopped"> | Of<"started">): boolean =>
    message.execution === execution;

function answer({ caller, request }: Of<"submit"> | Of<"await">, value: unknown): AgentCommand {
  return { kind: "answer", caller, request, execution: id(9), outcome: succeeded(value) };
}

const linesOf = (path: string): string[] =>
  existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];

async function isBuildingIn(pid: number): Promise<boolean> {
  const names = (await descendantsOf(pid)).map((child) => readFile(`/proc/${child}/cmdline`, "utf8").catch(() => ""));
  return (await Promise.all(names)).some((name) => name.includes("esbuild"));
}

describe("an agent", () => {
  test("declares what its repositories define", async () => {
    const { server, agent } = await started(flows, { concurrency: 7, provides: { gpu: ["a100"] } });
    expect(await server.takeHello()).toMatchObject({ protocol: 1, session: null, agent: { host: "test" } });
    expect(await server.take("declare")).toMatchObject({
      concurrency: 7,
      provides: { gpu: ["a100"] },
      repositories: [{ name: "flows", targets: expect.arrayContaining([expect.objectContaining({ name: "sum" })]) }],
    });
    expect((await agent.event("loaded")).text).toMatch(/^flows: workflows fire, sum; tasks add, /);
    expect((await agent.event("connected")).text).toContain("connected to default/development/joe at http://");
  });

  test.each([
    ["that watches its sources keeps", true],
    ["that has loaded its sources for good ends", false],
  ])("%s the process that builds them", async (_, watch) => {
    const { server } = await started(flows, { watch });
    await server.take("declare");
    await eventually("the process is as it should be", async () => (await isBuildingIn(process.pid)) === watch);
  });

  test("runs what it is given, asks for what that calls, and reports the outcome", async () => {
    const { server } = await started(flows);
    await server.take("declare");
    server.send(execute(id(1), "flows/sum", 2, 3));
    const call = await server.take("submit");
    expect(call).toMatchObject({ caller: id(1), request: 1, target: "flows/add", isAwaited: true });
    server.send(answer(call, 5));
    expect(await server.take("outcome")).toMatchObject({ execution: id(1), outcome: succeeded(5), hasStopped: true });
  });

  test("with one slot finishes a hundred runs that each call a task", async () => {
    const { server } = await started(flows, { concurrency: 1 });
    await server.take("declare");
    const callers = Array.from({ length: 100 }, (_, index) => id(index + 1));
    server.send(...callers.map((caller) => execute(caller, "flows/sum", 1, 2)));
    for (const _ of callers) {
      const call = await server.take("submit");
      const called = id(1_000 + callers.indexOf(call.caller));
      server.send(execute(called, "flows/add", 1, 2));
      void server.take("outcome", of(called)).then(() => server.send(answer(call, 3)));
    }
    for (const caller of callers) {
      expect(await server.take("outcome", of(caller))).toMatchObject({ outcome: succeeded(3) });
    }
  });

  test("that hosts no targets says so, with the way out", async () => {
    const { agent } = await started("export const greet = () => 1;");
    expect(await agent.event("loaded")).toMatchObject({
      level: "warning",
      text: expect.stringMatching(/flows .* exports no targets; export what workflow\(\) or task\(\) return/),
    });
  });

  test("of a project or environment that does not exist ends, and creates nothing", async () => {
    const server = await scriptedServer();
    cleanUps.push(() => server.close());
    server.refuseWith = { status: 404, code: "environment_not_found" };
    const agent = await agentUnderTest(server.url, { "flows.ts": flows });
    cleanUps.push(() => agent.remove());
    expect(await agent.ended).toBe(agentExitCodes.notFound);
    expect(await agent.event("not_found")).toMatchObject({ level: "error", code: "environment_not_found" });
    expect(agent.events.map(({ kind }) => kind)).not.toContain("output");
  });

  test("whose code is broken ends with the place of the error", async () => {
    const { agent } = await started("export const = 1;");
    expect(await agent.ended).toBe(agentExitCodes.broken);
    expect((await agent.event("broken")).text).toMatch(/flows\.ts:1:13/);
  });

  test("keeps trying while no server answers", async () => {
    const server = await scriptedServer();
    const { url } = server;
    await server.close();
    const agent = await agentUnderTest(url, { "flows.ts": flows });
    cleanUps.push(() => agent.remove());
    expect((await agent.event("disconnected")).text).toBe(
      `not connected to default/development/joe at ${url}: no server answers there; trying again until it works`,
    );
    agent.drain();
    expect(await agent.ended).toBe(agentExitCodes.drained);
  });
});

test("an agent that finds another server at the address says so, and keeps trying", async () => {
  const foreign = createServer((_request, response) => void response.writeHead(404).end("nothing here"));
  cleanUps.push(async () => void foreign.close());
  await once(foreign.listen(0, "127.0.0.1"), "listening");
  const address = foreign.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const agent = await agentUnderTest(`http://127.0.0.1:${port}`, { "flows.ts": flows });
  cleanUps.push(() => agent.remove());
  expect((await agent.event("disconnected")).text).toContain(
    "answered 404 instead of opening a WebSocket (no Coflux server",
  );
  agent.drain();
  expect(await agent.ended).toBe(agentExitCodes.drained);
});

describe("what the network loses", () => {
  test("an outcome is sent again until it is acknowledged, and not afterwards", async () => {
    const { server } = await started(flows);
    await server.take("declare");
    server.holdAcknowledgements = true;
    server.send(execute(id(1), "flows/add", 1, 2));
    await server.take("outcome");
    server.forgetFrame();
    server.cut();
    expect(await server.takeHello()).toMatchObject({ session: null });
    expect(await server.takeHello()).toMatchObject({ session: expect.any(String), known: [id(1)] });
    expect(await server.take("outcome")).toMatchObject({ execution: id(1), outcome: succeeded(3) });
    server.acknowledge();
    server.cut();
    expect(await server.takeHello()).toMatchObject({ known: [] });
  });

  test("a command that comes twice runs once", async () => {
    const { server, agent } = await started(flows);
    await server.take("declare");
    const path = join(agent.directory, "marks");
    server.send(execute(id(1), "flows/mark", path), execute(id(1), "flows/mark", path));
    await server.take("outcome");
    server.send(execute(id(2), "flows/mark", path));
    await server.take("outcome");
    expect(linesOf(path)).toEqual([id(1), id(2)]);
  });

  test("a question whose answer was lost is asked again", async () => {
    const { server } = await started(flows);
    await server.take("declare");
    server.send(execute(id(1), "flows/sum", 1, 2));
    const first = await server.take("submit");
    server.cut();
    const again = await server.take("submit");
    expect(again).toEqual(first);
    server.send(answer(again, 3), answer(again, 4));
    expect(await server.take("outcome")).toMatchObject({ outcome: succeeded(3) });
  });

  test("an orchestrator that was restarted behind the socket is told what it missed", async () => {
    const { server } = await started(flows);
    await server.take("declare");
    server.send(execute(id(1), "flows/sum", 1, 2));
    const first = await server.take("submit");
    server.nextEpoch();
    expect(await server.takeHello()).toMatchObject({ session: null });
    expect(await server.takeHello()).toMatchObject({ session: expect.any(String), known: [id(1)] });
    const again = await server.take("submit");
    expect(again).toEqual(first);
    server.send(answer(again, 3));
    expect(await server.take("outcome")).toMatchObject({ outcome: succeeded(3) });
  });

  test("a session that the server has given up is replaced, and what ran in it is stopped and not reported", async () => {
    const { server, agent } = await started(flows);
    await server.take("declare");
    const path = join(agent.directory, "marks");
    server.send(execute(id(1), "flows/until", path));
    await expect.poll(() => linesOf(path)).toEqual([`started ${id(1)}`]);
    server.rejectNext = { kind: "reject", code: "session_unknown", message: "it has expired" };
    server.cut();
    for (const expected of [null, expect.any(String), null]) {
      expect(await server.takeHello()).toMatchObject({ session: expected });
    }
    await server.take("declare");
    expect((await agent.event("session_lost")).text).toContain("it has expired");
    server.send(execute(id(2), "flows/add", 1, 2));
    expect(await server.take("outcome")).toMatchObject({ execution: id(2) });
  });

  test("an agent that the server may take for dead stops its executions before, and says so when it is back", async () => {
    const { server, agent } = await started(flows);
    await server.take("declare");
    server.leaseMs = 1_200;
    server.cut();
    await server.take("declare");
    const path = join(agent.directory, "marks");
    server.send(execute(id(1), "flows/until", path));
    await expect.poll(() => linesOf(path)).toEqual([`started ${id(1)}`]);
    server.refuseWith = { status: 503, code: "environment_unavailable" };
    server.cut();
    await expect.poll(() => linesOf(path), { timeout: 5_000 }).toEqual([`started ${id(1)}`, `aborted ${id(1)}`]);
    server.refuseWith = undefined;
    expect(await server.take("outcome")).toMatchObject({
      execution: id(1),
      outcome: { kind: "abandoned", reason: expect.stringContaining("no contact with the server") },
    });
  });
});

describe("an executor that ends", () => {
  test.each([
    ["by a signal", "flows/crash", /^its executor was ended by SIGKILL; it last wrote:\nlast words$/],
    ["after a word to stderr", "flows/complains", /^its executor was ended by SIGKILL; it last wrote:\ncannot go on$/],
    [
      "for want of memory, without the native frames",
      "flows/outOfMemory",
      /^its executor was ended by SIGKILL; it last wrote:\nFATAL ERROR: heap out of memory$/,
    ],
    [
      "for want of memory, with much more behind it",
      "flows/fatal",
      /^its executor was ended by SIGKILL; it last wrote:\nFATAL ERROR: heap out of memory\n…\n(native frame\n?){10}$/,
    ],
    [
      "by process.exit in user code",
      "flows/exits",
      new RegExp(`^its executor called process\\.exit\\(4\\) in ${id(1)}`),
    ],
  ])("%s makes its executions abandoned, with the reason, and is replaced", async (_how, target, reason) => {
    const { server, agent } = await started(flows);
    await server.take("declare");
    server.send(execute(id(2), "flows/fire"));
    await server.take("submit");
    server.send(execute(id(1), target));
    for (const execution of [id(1), id(2)]) {
      const { outcome, hasStopped } = await server.take("outcome", of(execution));
      expect([outcome.kind, hasStopped]).toEqual(["abandoned", true]);
      expect(outcome.kind === "abandoned" ? outcome.reason : "").toMatch(reason);
    }
    await agent.event("executor_ended");
    server.send(execute(id(3), "flows/add", 1, 2));
    expect(await server.take("outcome")).toMatchObject({ execution: id(3), outcome: succeeded(3) });
  });

  test("does not touch what runs in another", async () => {
    const { server, agent } = await started(flows, { executors: 2 });
    await server.take("declare");
    const byPid = new Map<string, string[]>();
    const groups = () => [...byPid.values()].toSorted((a, b) => a.length - b.length);
    for (let step = 1; byPid.size < 2 || groups()[0]?.length === groups()[1]?.length; step++) {
      const path = join(agent.directory, `marks-${step}`);
      server.send(execute(id(step), "flows/until", path));
      await expect.poll(() => linesOf(`${path}.pid`)).toHaveLength(1);
      const [pid = ""] = linesOf(`${path}.pid`);
      byPid.set(pid, [...(byPid.get(pid) ?? []), id(step)]);
    }
    const [[victim = ""] = [], [survivor = ""] = []] = groups();
    server.send(execute(id(999), "flows/crash")); // It goes where less runs.
    expect(await server.take("outcome", of(victim))).toMatchObject({ outcome: { kind: "abandoned" } });
    server.send({ kind: "abort", execution: survivor, reason: "cancelled" });
    expect(await server.take("stopped")).toMatchObject({ execution: survivor });
  });
});

describe("isolation", () => {
  test("gives an execution a process of its own, and frees its slot when that has ended", async () => {
    const { server } = await started(flows, { concurrency: 1 });
    await server.take("declare");
    const isolated = (execution: string) => ({ ...execute(execution, "flows/pid"), isolation: "process" }) as const;
    server.send(isolated(id(1)), isolated(id(2)), execute(id(3), "flows/pid"));
    const pids: unknown[] = [];
    for (const execution of [id(1), id(2), id(3)]) {
      const { outcome, hasStopped } = await server.take("outcome", of(execution));
      pids.push(outcome.kind === "succeeded" && outcome.value.kind === "inline" ? outcome.value.data : undefined);
      expect(hasStopped).toBe(execution === id(3));
      if (!hasStopped) await server.take("stopped", of(execution));
    }
    expect(new Set(pids).size).toBe(3);
  });
});

describe("leaving", () => {
  test("the first signal waits for what runs, takes it as far as the acknowledgement, and ends with 0", async () => {
    const { server, agent } = await started(flows);
    await server.take("declare");
    server.send(execute(id(1), "flows/sum", 1, 2));
    const call = await server.take("submit");
    agent.drain();
    await server.take("draining");
    expect((await agent.event("draining")).text).toContain("waiting for 1 execution");
    server.holdAcknowledgements = true;
    server.send(answer(call, 3));
    await server.take("outcome");
    server.acknowledge();
    expect(await agent.ended).toBe(agentExitCodes.drained);
  });

  test("what it runs may still call: it takes and finishes that too", async () => {
    const { server, agent } = await started(flows, { concurrency: 1 });
    await server.take("declare");
    server.send(execute(id(1), "flows/sum", 1, 2));
    const call = await server.take("submit");
    agent.drain();
    await server.take("draining");
    server.send(execute(id(2), "flows/add", 1, 2));
    expect(await server.take("outcome", of(id(2)))).toMatchObject({ outcome: succeeded(3) });
    server.send(answer(call, 3));
    expect(await server.take("outcome", of(id(1)))).toMatchObject({ outcome: succeeded(3) });
    expect(await agent.ended).toBe(agentExitCodes.drained);
  });

  test("the second signal stops what runs and reports it as abandoned", async () => {
    const { server, agent } = await started(flows);
    await server.take("declare");
    server.send(execute(id(1), "flows/fire"));
    await server.take("submit");
    agent.drain();
    agent.abort();
    expect(await server.take("outcome")).toMatchObject({
      execution: id(1),
      outcome: { kind: "abandoned", reason: expect.stringContaining("the agent was stopped") },
    });
    expect(await agent.ended).toBe(agentExitCodes.aborted);
  });

  test("a drain that takes too long ends as if aborted", async () => {
    const { server, agent } = await started(flows, { drainTimeoutMs: 50 });
    await server.take("declare");
    server.send(execute(id(1), "flows/fire"));
    await server.take("submit");
    agent.drain();
    expect(await server.take("outcome")).toMatchObject({ outcome: { kind: "abandoned" } });
    expect(await agent.ended).toBe(agentExitCodes.aborted);
  });

  test("an operator can ask for it", async () => {
    const { server, agent } = await started(flows);
    await server.take("declare");
    server.send({ kind: "drain" });
    expect(await agent.ended).toBe(agentExitCodes.drained);
  });
});

describe("what is asked to stop", () => {
  test("hears it, and the server hears when it has stopped", async () => {
    const { server, agent } = await started(flows);
    await server.take("declare");
    const path = join(agent.directory, "marks");
    server.send(execute(id(1), "flows/until", path));
    await expect.poll(() => linesOf(path)).toEqual([`started ${id(1)}`]);
    server.send({ kind: "abort", execution: id(1), reason: "cancelled" });
    expect(await server.take("stopped")).toMatchObject({ execution: id(1) });
    expect(linesOf(path)).toEqual([`started ${id(1)}`, `aborted ${id(1)}`]);
  });

  test("before it has begun never begins", async () => {
    const { server, agent } = await started(flows, { concurrency: 1 });
    await server.take("declare");
    const path = join(agent.directory, "marks");
    server.send(execute(id(1), "flows/until", path), execute(id(2), "flows/mark", path));
    await expect.poll(() => linesOf(path)).toEqual([`started ${id(1)}`]);
    server.send({ kind: "abort", execution: id(2), reason: "cancelled" });
    await server.take("stopped", of(id(2)));
    server.send({ kind: "abort", execution: id(1), reason: "cancelled" });
    await server.take("stopped", of(id(1)));
    expect(linesOf(path)).toEqual([`started ${id(1)}`, `aborted ${id(1)}`]);
  });

  test("frees its slot while it waits for a call that nobody answers any more", async () => {
    const { server } = await started(flows, { concurrency: 1 });
    await server.take("declare");
    server.send(execute(id(1), "flows/sum", 1, 2));
    await server.take("submit");
    server.send({ kind: "abort", execution: id(1), reason: "cancelled" });
    await server.take("stopped", of(id(1)));
    server.send(execute(id(2), "flows/add", 1, 2));
    expect(await server.take("outcome")).toMatchObject({ execution: id(2) });
  });
});

test("an executor whose event loop is blocked gets no new work", async () => {
  const { server, agent } = await started(flows, { executors: 2 });
  await server.take("declare");
  server.send(execute(id(1), "flows/block", 3_000));
  expect((await agent.event("executor_blocked")).text).toContain(id(1));
  const pids = new Set<string>();
  for (let step = 2; step < 400; step++) {
    server.send(execute(id(step), "flows/pid"));
    const { outcome } = await server.take("outcome", of(id(step)));
    if (outcome.kind === "succeeded" && outcome.value.kind === "inline") pids.add(outcome.value.data);
  }
  expect(pids.size).toBe(1);
});

describe("watching", () => {
  const version = (text: string): string => `
    import { task, workflow } from "coflux"; import { word } from "./word.ts";
    export const add = task(async (a: number, b: number) => a + b);
    export const say = workflow(async () => { await add(1, 2); return word; });
    ${text}`;

  test("takes changed code for what starts after it, and lets what runs finish on the old", async () => {
    const server = await scriptedServer();
    cleanUps.push(() => server.close());
    const files = { "flows.ts": version(""), "word.ts": `export const word = "old";` };
    const agent = await agentUnderTest(server.url, files, { watch: true });
    cleanUps.push(() => agent.remove());
    const before = await server.take("declare");
    server.send(execute(id(1), "flows/say"));
    const call = await server.take("submit");
    await agent.write("word.ts", `export const word = "new";`);
    expect((await agent.event("reloaded")).text).toMatch(/^flows reloaded in \d+ ms$/);
    const after = await server.take("declare");
    await agent.write("flows.ts", version(`export const more = task(() => 1);`));
    expect((await agent.event("reloaded")).text).toMatch(/^flows reloaded in \d+ ms: \+more$/);
    expect(after.repositories[0]?.version).not.toBe(before.repositories[0]?.version);
    server.send(execute(id(2), "flows/say"));
    const second = await server.take("submit");
    server.send(answer(call, 3), answer(second, 3));
    expect(await server.take("outcome", of(id(1)))).toMatchObject({ outcome: succeeded("old") });
    expect(await server.take("outcome", of(id(2)))).toMatchObject({ outcome: succeeded("new") });
  });

  test("keeps the last good code while it is broken, shows the error, and takes the mended code", async () => {
    const server = await scriptedServer();
    cleanUps.push(() => server.close());
    const files = { "flows.ts": version(""), "word.ts": `export const word = "good";` };
    const agent = await agentUnderTest(server.url, files, { watch: true });
    cleanUps.push(() => agent.remove());
    await server.take("declare");
    await agent.write("word.ts", `export const word = ;`);
    expect((await agent.event("broken")).text).toMatch(/the code from before stays in use:[^]*word\.ts:1:20/);
    server.send(execute(id(1), "flows/say"));
    server.send(answer(await server.take("submit"), 3));
    expect(await server.take("outcome")).toMatchObject({ outcome: succeeded("good") });
    await agent.write("word.ts", `export const word = "good";`);
    expect((await agent.event("reloaded")).text).toBe("the code is good again, and the same as before");
    await agent.write("word.ts", `throw new Error("while loading"); export const word = "";`);
    expect((await agent.event("broken")).text).toMatch(/Error: while loading\n {4}at .*word\.ts:1:7/);
    await agent.write("word.ts", `export const word = "better";`);
    expect((await agent.event("reloaded")).text).toMatch(/^flows reloaded in \d+ ms$/);
  });

  test("waits for a first version that can be loaded", async () => {
    const server = await scriptedServer();
    cleanUps.push(() => server.close());
    const agent = await agentUnderTest(server.url, { "flows.ts": `import "./word.ts";` }, { watch: true });
    cleanUps.push(() => agent.remove());
    expect((await agent.event("broken")).text).toMatch(
      /Could not resolve "\.\/word\.ts"[^]*\nnothing is hosted yet; it is tried again when a file is saved$/,
    );
    await agent.write("word.ts", "");
    await agent.event("loaded");
    await server.take("declare");
  });
});

test("a repository that loses all its targets while watched keeps them: an empty file is one that is being written", async () => {
  const server = await scriptedServer();
  cleanUps.push(() => server.close());
  const more = `import { task } from "coflux"; export const other = task(() => 1);`;
  const agent = await agentUnderTest(
    server.url,
    { "flows.ts": flows, "more.ts": more },
    {
      watch: true,
      repositories: [
        { name: "flows", path: "flows.ts" },
        { name: "more", path: "more.ts" },
      ],
    },
  );
  cleanUps.push(() => agent.remove());
  await server.take("declare");
  await agent.write("flows.ts", "");
  expect((await agent.event("broken")).text).toMatch(
    /^not reloaded, the code from before stays in use:\nflows \(.*flows\.ts\) exports no targets any more: export them again; to host it without targets, start the agent anew$/,
  );
  server.send(execute(id(1), "flows/add", 1, 2));
  expect(await server.take("outcome")).toMatchObject({ outcome: succeeded(3) });
  await agent.write("flows.ts", flows);
  expect((await agent.event("reloaded")).text).toBe("the code is good again, and the same as before");
});

test("what is printed outside of any execution is shown by the agent", async () => {
  const { agent } = await started(`console.log("from the module"); setTimeout(() => console.log("later"), 300);`);
  expect((await agent.event("output")).text).toBe("while loading: from the module");
  expect((await agent.event("output")).text).toBe("executor: later");
});

test("what is printed while the code is loaded is shown once, however many executors load it", async () => {
  const { server, agent } = await started(`
    import { task } from "coflux";
    console.log("from the module");
    export const pid = task({ isolation: "process" }, () => process.pid);`);
  await server.take("declare");
  server.send({ ...execute(id(1), "flows/pid"), isolation: "process" });
  await server.take("outcome");
  await server.take("stopped");
  expect(agent.events.filter(({ kind }) => kind === "output")).toHaveLength(1);
});
