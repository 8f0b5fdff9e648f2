import { copyFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import BetterSqlite3 from "better-sqlite3";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import type { AgentControlReply } from "../../src/protocol/agent-messages.ts";
import type { ChildMessage } from "../../src/protocol/supervisor-messages.ts";
import { type OrchestratorProcess, buildOrchestrator, startOrchestrator } from "../support/orchestrator-process.ts";
import { type KnownSession, type ScriptedAgent, declaration, submit, succeeded } from "../support/scripted-agent.ts";
import type { ScriptedGateway } from "../support/scripted-gateway.ts";
import { temporaryDirectory } from "../support/temporary.ts";

let program: string;
let directory: string;
let removeDirectory: () => Promise<void>;
let started: OrchestratorProcess[] = [];

beforeAll(async () => {
  program = await buildOrchestrator();
});
beforeEach(async () => {
  const temporary = await temporaryDirectory();
  directory = temporary.path;
  removeDirectory = () => temporary.remove();
});
afterEach(async () => {
  for (const orchestrator of started) orchestrator.kill("SIGKILL");
  await Promise.all(started.map(({ exit }) => exit));
  started = [];
  await removeDirectory();
});

function start(config: { readonly idleTimeoutMs?: number } = {}): OrchestratorProcess {
  const orchestrator = startOrchestrator(program, directory, config);
  started.push(orchestrator);
  return orchestrator;
}

async function joinAgent(gateway: ScriptedGateway): Promise<{ agent: ScriptedAgent; session: KnownSession }> {
  const agent = gateway.agent();
  const session = await agent.join();
  await agent.acknowledgement(agent.send([declaration({ main: {}, task: {} })]));
  return { agent, session };
}

const call = { target: "flows/main", arguments: [], options: null, idempotencyKey: null };

async function startRun(gateway: ScriptedGateway): Promise<string> {
  const result = await gateway.request("start-run", call);
  if (!result.ok) throw new Error(result.error.message);
  return result.value.runId;
}

const isFatal = (message: ChildMessage): message is ChildMessage & { kind: "fatal" } => message.kind === "fatal";

describe("the process of an environment", () => {
  test("says hello, is ready, runs a workflow, and stops in order with everything in its file", async () => {
    const orchestrator = start();
    expect(await orchestrator.messages.next()).toEqual({ kind: "hello", pid: orchestrator.pid });
    expect(await orchestrator.ready()).toBe(1);
    expect(statSync(join(directory, "o.sock")).mode & 0o777).toBe(0o600);
    const gateway = await orchestrator.gateway();
    const { agent } = await joinAgent(gateway);
    const run = await startRun(gateway);
    const { execution } = await agent.command("execute");
    agent.send([succeeded(execution, "1")]);
    expect(await gateway.request("get-result", { run, waitMs: 10_000 })).toEqual({
      ok: true,
      value: { status: "succeeded", value: 1 },
    });

    orchestrator.send({ kind: "drain", withinMs: 5_000 });
    expect(await orchestrator.exit).toBe(0);
    await gateway.closed;
    const wal = statSync(join(directory, "environment.db-wal"), { throwIfNoEntry: false });
    expect(wal?.size ?? 0).toBe(0);

    const again = start();
    expect(await again.ready()).toBe(2);
    const later = await again.gateway();
    expect(await later.request("get-result", { run, waitMs: 0 })).toMatchObject({ value: { value: 1 } });
  });

  test("shows views from its reader's thread, and live ones", async () => {
    const orchestrator = start();
    await orchestrator.ready();
    const gateway = await orchestrator.gateway();
    const { agent } = await joinAgent(gateway);
    const run = await startRun(gateway);
    const { execution } = await agent.command("execute");
    const { events } = gateway.subscribe(`run/${run}`);
    expect(await events.next()).toMatchObject({ kind: "value", version: 1, value: { id: run, status: "running" } });
    agent.send([succeeded(execution, "1")]);
    expect(await events.next()).toMatchObject({ kind: "patch", version: 2 });
    expect(await gateway.request("get-run", { run })).toMatchObject({ value: { status: "succeeded" } });
    expect(await gateway.request("get-run", { run: "Rbcdfghjk" })).toMatchObject({ error: { code: "run_not_found" } });
    expect(await gateway.request("list-agents", {})).toMatchObject({ value: { agents: [{ connected: true }] } });
  });

  test("says when it is idle and when it must be up again", async () => {
    const orchestrator = start({ idleTimeoutMs: 1 });
    const isIdle = (message: ChildMessage): message is ChildMessage & { kind: "activity" } =>
      message.kind === "activity" && message.isIdle;
    expect(await orchestrator.messages.nextThat(isIdle)).toMatchObject({ nextWakeAt: null, isPaused: false });
  });

  test("says what keeps it from being ready after an unclean end", async () => {
    const first = start();
    await first.ready();
    first.kill("SIGKILL");
    await first.exit;
    const second = start();
    const isProgress = (message: ChildMessage): message is ChildMessage & { kind: "progress" } =>
      message.kind === "progress";
    expect(await second.messages.nextThat(isProgress)).toMatchObject({ phase: expect.stringContaining("unclean end") });
    await second.ready();
  });

  test("ends when its supervisor has gone", async () => {
    const orchestrator = start();
    await orchestrator.ready();
    orchestrator.abandon();
    expect(await orchestrator.exit).toBe(69);
  });

  test("killed between any two steps, it comes back with a new epoch and all that it had acknowledged", async () => {
    const random = seededRandom(42);
    const results = new Map<string, string>(); // Acknowledged results, by run.
    let orchestrator = start();
    let epoch = await orchestrator.ready();
    let gateway = await orchestrator.gateway();
    const joined = await joinAgent(gateway);
    const { session } = joined;
    let { agent } = joined;
    let acknowledged = 1;
    const known = new Map<string, "running" | "ended">();
    const runs: string[] = [];

    for (let round = 0; round < 8; round++) {
      for (let step = 0; step < 5; step++) {
        if (random.next() < 0.5) {
          runs.push(await startRun(gateway));
          const { execution } = await agent.command("execute");
          known.set(execution, "running");
        }
        const [execution] = [...known].find(([, state]) => state === "running") ?? [];
        if (execution === undefined) continue;
        known.set(execution, "ended");
        const data = String(round * 10 + step);
        acknowledged = agent.send([succeeded(execution, data)]);
        await agent.acknowledgement(acknowledged);
        results.set(execution.split(":")[0] ?? "", data);
      }
      orchestrator.kill("SIGKILL");
      expect(await orchestrator.exit).toBe("SIGKILL");

      orchestrator = start();
      const next = await orchestrator.ready();
      expect(next).toBe(epoch + 1);
      epoch = next;
      gateway = await orchestrator.gateway();
      agent = gateway.agent();
      const unfinished = [...known].filter(([, state]) => state === "running").map(([execution]) => execution);
      expect(await agent.hello({ ...session, acknowledged }, unfinished)).toEqual<AgentControlReply>({
        kind: "welcome",
        session: session.session,
        secret: null,
        lastSequence: acknowledged,
        leaseMs: 60_000,
      });
      expect(agent.commands.waiting).toEqual([]); // Nothing is executed twice.
    }
    for (const run of runs) {
      const result = await gateway.request("get-result", { run, waitMs: 0 });
      const expected = results.get(run);
      if (expected !== undefined)
        expect(result).toEqual({ ok: true, value: { status: "succeeded", value: Number(expected) } });
      else expect(result).toEqual({ ok: true, value: { status: "pending" } });
    }
    expect(results.size).toBeGreaterThan(5);
  });

  test("killed before it could acknowledge, it takes the same frame again and makes nothing of it twice", async () => {
    let orchestrator = start();
    await orchestrator.ready();
    let gateway = await orchestrator.gateway();
    const joined = await joinAgent(gateway);
    const { session } = joined;
    let { agent } = joined;
    const run = await startRun(gateway);
    const { execution } = await agent.command("execute");
    for (let round = 1; round <= 6; round++) {
      const frame = [submit(execution, round, "flows/task", false)];
      const sequence = agent.send(frame);
      if (round % 2 === 0) await agent.command("submitted"); // Committed for sure; otherwise perhaps.
      orchestrator.kill("SIGKILL");
      await orchestrator.exit;
      orchestrator = start();
      await orchestrator.ready();
      gateway = await orchestrator.gateway();
      agent = gateway.agent();
      const welcome = await agent.hello({ ...session, acknowledged: sequence - 1 }, [execution]);
      if (welcome.kind !== "welcome") throw new Error(welcome.kind);
      if (welcome.lastSequence < sequence) agent.send(frame);
      await agent.acknowledgement(sequence);
    }
    const view = await gateway.request("get-run", { run });
    const steps = view.ok ? view.value.steps : [];
    expect(steps).toHaveLength(7);
    expect(steps[0]?.executions[0]?.children).toEqual([2, 3, 4, 5, 6, 7].map((number) => `${run}:${number}:1`));
  });
});

describe("the process of an environment refuses to serve", () => {
  async function once(): Promise<void> {
    const first = start();
    await first.ready();
    first.send({ kind: "drain", withinMs: 5_000 });
    await first.exit;
  }

  test("a damaged database", async () => {
    await once();
    const path = join(directory, "environment.db");
    writeFileSync(path, Buffer.concat([Buffer.from("this is no database"), readFileSync(path).subarray(19)]));
    const orchestrator = start();
    expect(await orchestrator.messages.nextThat(isFatal)).toMatchObject({ code: "corrupt_database" });
    expect(await orchestrator.exit).toBe(70);
  });

  test("a database of a newer version", async () => {
    await once();
    const database = new BetterSqlite3(join(directory, "environment.db"));
    database.pragma("user_version = 999");
    database.close();
    const orchestrator = start();
    expect(await orchestrator.messages.nextThat(isFatal)).toMatchObject({ code: "newer_schema" });
  });

  test("a database that another orchestrator holds", async () => {
    await start().ready();
    const second = start();
    expect(await second.messages.nextThat(isFatal)).toMatchObject({ code: "locked" });
  });

  test("a database that has lost what an agent saw acknowledged", async () => {
    await once();
    const path = join(directory, "environment.db");
    const first = start();
    await first.ready();
    const gateway = await first.gateway();
    const agent = gateway.agent();
    const session = await agent.join();
    first.send({ kind: "drain", withinMs: 5_000 });
    await first.exit;
    copyFileSync(path, `${path}.yesterday`);

    const second = start();
    await second.ready();
    const returned = (await second.gateway()).agent();
    await returned.hello(session);
    await returned.acknowledgement(returned.send([declaration({ main: {} })]));
    second.send({ kind: "drain", withinMs: 5_000 });
    await second.exit;
    copyFileSync(`${path}.yesterday`, path);

    const third = start();
    await third.ready();
    const witness = (await third.gateway()).agent();
    void witness.hello({ ...session, acknowledged: 1 }).catch(() => undefined);
    expect(await third.messages.nextThat(isFatal)).toMatchObject({ code: "history_regressed" });
    expect(await third.exit).toBe(70);
  });
});
