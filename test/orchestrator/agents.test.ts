import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HELLO_TIMEOUT_MS } from "../../src/orchestrator/limits.ts";
import { encodeAgentFrame } from "../../src/protocol/agent-frame.ts";
import { FRAME_LIMIT_BYTES, LEASE_GRACE_MS, LEASE_MS } from "../../src/protocol/limits.ts";
import {
  type KnownSession,
  type ScriptedAgent,
  declaration,
  outcomeOf,
  submit,
  succeeded,
} from "../support/scripted-agent.ts";
import type { ScriptedGateway } from "../support/scripted-gateway.ts";
import { type OrchestratorRig, startRig } from "./orchestrator-rig.ts";

let rig: OrchestratorRig;
let gateway: ScriptedGateway;
beforeEach(async () => {
  rig = await startRig();
  gateway = await rig.gateway();
});
afterEach(() => rig.close());

/** An agent that hosts `flows/main` and `flows/task`. */
async function hostingAgent(concurrency = 10): Promise<{ agent: ScriptedAgent; session: KnownSession }> {
  const agent = gateway.agent();
  const session = await agent.join();
  await agent.acknowledgement(agent.send([declaration({ main: {}, task: {} }, concurrency)]));
  return { agent, session };
}

async function startRun(target = "flows/main"): Promise<{ runId: string; executionId: string }> {
  const started = await gateway.request("start-run", { target, arguments: [], options: null, idempotencyKey: null });
  if (!started.ok) throw new Error(started.error.message);
  return started.value;
}

async function resultOf(runId: string): Promise<unknown> {
  const result = await gateway.request("get-result", { run: runId, waitMs: 0 });
  return result.ok ? result.value : result.error;
}

async function agents(): Promise<readonly { sessionId: string; connected: boolean; running: number }[]> {
  const result = await gateway.request("list-agents", {});
  return result.ok ? result.value.agents : [];
}

describe("an agent", () => {
  test("gets a run that was started, and its outcome is the run's result", async () => {
    const { agent } = await hostingAgent();
    const run = await startRun();
    const { execution } = await agent.command("execute");
    expect(execution).toBe(run.executionId);
    const result = gateway.request("get-result", { run: run.runId, waitMs: 1_000 });
    agent.send([succeeded(execution, "42")]);
    expect(await result).toEqual({ ok: true, value: { status: "succeeded", value: 42 } });
  });

  test("calls a task, which is executed, and gets its answer", async () => {
    const { agent } = await hostingAgent();
    const run = await startRun();
    const root = await agent.command("execute");
    agent.send([submit(root.execution, 1, "flows/task")]);
    const child = await agent.command("execute");
    expect(child).toMatchObject({ execution: `${run.runId}:2:1`, target: "flows/task" });
    agent.send([succeeded(child.execution, '"done"')]);
    expect(await agent.command("answer")).toMatchObject({
      request: 1,
      caller: root.execution,
      outcome: { kind: "succeeded", value: { data: '"done"' } },
    });
  });

  test("hears of a whole turn in one frame, with what is committed of its own", async () => {
    const { agent } = await hostingAgent(1_000);
    await startRun();
    const root = await agent.command("execute");
    const before = agent.frameSizes.length;
    const calls = Array.from({ length: 100 }, (_, index) => submit(root.execution, index + 1, "flows/task", false));
    await agent.acknowledgement(agent.send(calls));
    for (let count = 0; count < 100; count++) await agent.command("execute");
    const frames = agent.frameSizes.slice(before);
    expect(frames.reduce((sum, size) => sum + size, 0)).toBe(200); // `submitted` and `execute` for each.
    expect(frames.length).toBeLessThanOrEqual(2);
  });

  test("is acknowledged by an envelope alone when there is nothing to say", async () => {
    const { agent } = await hostingAgent();
    const before = agent.frameSizes.length;
    await agent.acknowledgement(agent.send([{ kind: "logs", entries: [] }]));
    expect(agent.frameSizes).toHaveLength(before);
  });

  test("may send any frame twice: it is acknowledged again and changes nothing", async () => {
    const { agent } = await hostingAgent();
    const run = await startRun();
    const { execution } = await agent.command("execute");
    const sequence = agent.send([submit(execution, 1, "flows/task", false), succeeded(execution, "1")]);
    await agent.acknowledgement(sequence);
    agent.send([submit(execution, 2, "flows/task", false), succeeded(execution, "2")], sequence);
    await agent.acknowledgement(agent.send([{ kind: "logs", entries: [] }]));
    expect(await resultOf(run.runId)).toEqual({ status: "succeeded", value: 1 });
    const view = await gateway.request("get-run", { run: run.runId });
    expect(view).toMatchObject({ ok: true, value: { steps: [{}, {}] } });
  });

  test("is challenged after a gap, and goes on behind what is committed", async () => {
    const { agent, session } = await hostingAgent();
    agent.send([{ kind: "logs", entries: [] }], 5);
    expect(await agent.hello({ ...session, acknowledged: 1 })).toMatchObject({
      kind: "welcome",
      lastSequence: 1,
      secret: null,
    });
    await agent.acknowledgement(agent.send([{ kind: "logs", entries: [] }]));
    expect(agent.acknowledged()).toBe(2);
  });

  test("that comes back gets again what it has not received, and not what it knows", async () => {
    const { agent, session } = await hostingAgent();
    const [first, second] = [await startRun(), await startRun()];
    await agent.command("execute");
    await agent.command("execute");
    const again = gateway.agent();
    await again.hello(session, [first.executionId]);
    expect(await again.command("execute")).toMatchObject({ execution: second.executionId });
    expect(again.commands.waiting).toEqual([]);
    expect(await agent.closed).toBe(4001);
  });

  test("of which a second connection says hello with a wrong secret keeps its session", async () => {
    const { agent, session } = await hostingAgent();
    const thief = gateway.agent();
    expect(await thief.hello({ session: session.session, secret: "guess" })).toMatchObject({
      kind: "reject",
      code: "session_unknown",
    });
    await startRun();
    await agent.command("execute");
    expect(await agents()).toMatchObject([{ sessionId: session.session, connected: true }]);
  });

  test("whose old socket is lost after its new hello stays connected", async () => {
    const { agent, session } = await hostingAgent();
    const again = gateway.agent();
    const welcome = again.hello(session);
    agent.disconnect();
    expect(await welcome).toMatchObject({ kind: "welcome" });
    await startRun();
    await again.command("execute");
    expect(await agents()).toMatchObject([{ connected: true }]);
  });

  test("that is gone gets no new work; another one does", async () => {
    const { agent } = await hostingAgent(1_000);
    agent.disconnect();
    const { agent: other } = await hostingAgent(1);
    const run = await startRun();
    expect(await other.command("execute")).toMatchObject({ execution: run.executionId });
  });

  test("that is silent for its lease and the grace after it loses its session; what it executed is abandoned", async () => {
    const { agent, session } = await hostingAgent();
    const run = await startRun();
    await agent.command("execute");
    rig.time.advance(LEASE_MS + LEASE_GRACE_MS - 1);
    expect(await agents()).toMatchObject([{ connected: true }]);
    rig.time.advance(1);
    const result = await gateway.request("get-result", { run: run.runId, waitMs: 5_000 });
    expect(result).toMatchObject({ ok: true, value: { status: "abandoned" } });
    // It was only its pings that were lost: challenged again, it learns that the session is over, and opens another.
    expect(await agent.hello(session)).toMatchObject({ kind: "reject", code: "session_unknown" });
    const reopened = gateway.agent();
    await reopened.join();
    expect(await agents()).toHaveLength(1);
  });

  test("that has drained and left is gone at once; one that was only cut off is expected back", async () => {
    const { agent } = await hostingAgent();
    const { agent: cut } = await hostingAgent();
    await agent.acknowledgement(agent.send([{ kind: "draining" }]));
    agent.disconnect();
    cut.disconnect();
    expect(await agents()).toMatchObject([{ connected: false, running: 0 }]);
    rig.time.advance(LEASE_MS + LEASE_GRACE_MS);
    expect(rig.complaints).toHaveLength(1); // Only the one that was expected has been silent.
  });

  test("that has drained but still executes something is expected back", async () => {
    const { agent, session } = await hostingAgent();
    await startRun();
    const { execution } = await agent.command("execute");
    await agent.acknowledgement(agent.send([{ kind: "draining" }]));
    agent.disconnect();
    const again = gateway.agent();
    expect(await again.hello(session, [execution])).toMatchObject({ kind: "welcome" });
  });

  test("keeps its session by pings alone", async () => {
    const { agent } = await hostingAgent();
    for (let count = 1; count <= 20; count++) {
      agent.control({ kind: "ping", sequence: count });
      expect(await agent.replies.next()).toEqual({ kind: "pong", sequence: count });
      rig.time.advance(LEASE_MS);
    }
    expect(await agents()).toHaveLength(1);
  });

  test("that does not answer its challenge is closed", async () => {
    const agent = gateway.agent();
    await agent.replies.next();
    rig.time.advance(HELLO_TIMEOUT_MS);
    expect(await agent.closed).toBe(4008);
  });

  test("whose gateway is replaced by another one is challenged there and goes on", async () => {
    const { session } = await hostingAgent();
    const old = gateway;
    gateway = await rig.gateway();
    await old.closed;
    const agent = gateway.agent();
    expect(await agent.hello({ ...session, acknowledged: 1 })).toMatchObject({ kind: "welcome", lastSequence: 1 });
    await startRun();
    await agent.command("execute");
  });

  test("meets a restarted orchestrator, which knows everything that was acknowledged and has another epoch", async () => {
    const { agent, session } = await hostingAgent();
    const run = await startRun();
    const { execution } = await agent.command("execute");
    await agent.acknowledgement(agent.send([submit(execution, 1, "flows/task")]));
    const child = await agent.command("execute");
    const { epoch } = gateway;

    rig.restart();
    gateway = await rig.gateway();
    expect(gateway.epoch).toBe(epoch + 1);
    const again = gateway.agent();
    const known = [execution, child.execution];
    expect(await again.hello({ ...session, acknowledged: 2 }, known)).toMatchObject({
      kind: "welcome",
      lastSequence: 2,
    });
    again.send([submit(execution, 1, "flows/task"), succeeded(child.execution, "1")]);
    expect(await again.command("answer")).toMatchObject({ request: 1, execution: child.execution });
    again.send([succeeded(execution, "2")]);
    await again.acknowledgement(4);
    expect(await resultOf(run.runId)).toEqual({ status: "succeeded", value: 2 });
  });

  test("whose session ends while the orchestrator is down finds it gone after a fresh lease, not before", async () => {
    await hostingAgent();
    rig.restart();
    gateway = await rig.gateway();
    rig.time.advance(LEASE_MS + LEASE_GRACE_MS - 1);
    expect(await agents()).toHaveLength(1);
    rig.time.advance(1);
    await gateway.request("list-agents", {});
    expect(await agents()).toEqual([]);
  });
});

test("a thousand agents that come back at once are all welcome again, in few transactions", async () => {
  const sessions = await Promise.all(Array.from({ length: 1_000 }, () => gateway.agent().join()));
  rig.restart();
  const before = rig.batches();
  gateway = await rig.gateway();
  const replies = await Promise.all(sessions.map((session) => gateway.agent().hello(session)));
  expect(new Set(replies.map(({ kind }) => kind))).toEqual(new Set(["welcome"]));
  expect(rig.batches() - before).toBeLessThan(100);
  expect((await agents()).every(({ connected }) => connected)).toBe(true);
});

describe("a frame that is broken closes its connection and hurts nobody else", () => {
  const head = { kind: "data", epoch: 1, sequence: 2, acknowledged: 0 } as const;
  const megabyte = FRAME_LIMIT_BYTES - 17;

  test.each<[string, Uint8Array]>([
    ["no envelope", Uint8Array.of(1, 2, 3)],
    ["an unknown kind", Uint8Array.from({ length: 17 }, () => 9)],
    ["no msgpack", encodeAgentFrame(head, Uint8Array.of(0xc1))],
    ["no list", encodeAgentFrame(head, Uint8Array.of(0x80))],
    ["no message", encodeAgentFrame(head, Uint8Array.of(0x91, 0x91, 0x63))],
    ["nothing at all", encodeAgentFrame(head, new Uint8Array(0))],
    ["lists in lists", encodeAgentFrame(head, new Uint8Array(megabyte).fill(0x91))],
    [
      "a megabyte of empty maps",
      encodeAgentFrame(head, new Uint8Array([0xdd, 0, 0x0f, 0xff, 0, ...new Uint8Array(megabyte - 5).fill(0x80)])),
    ],
    ["a wrong control message", encodeAgentFrame({ ...head, kind: "control" }, Uint8Array.of(0x91, 0x91, 0x09))],
  ])("%s", async (_, frame) => {
    const { agent } = await hostingAgent(1);
    const bystander = (await hostingAgent(100)).agent;
    agent.sendRaw(frame);
    expect(await agent.closed).toBe(1002);
    const run = await startRun();
    const { execution } = await bystander.command("execute");
    bystander.send([succeeded(execution)]);
    await bystander.acknowledgement(2);
    expect(await resultOf(run.runId)).toMatchObject({ status: "succeeded" });
  });

  test("one of another epoch is only dropped", async () => {
    const { agent } = await hostingAgent();
    agent.sendRaw(encodeAgentFrame({ ...head, epoch: 99 }, Uint8Array.of(0xc1)));
    await agent.acknowledgement(agent.send([{ kind: "logs", entries: [] }]));
    expect(rig.complaints).toEqual([]);
  });

  test("a message too large to be passed on is one, too", async () => {
    const { agent } = await hostingAgent();
    const value = { kind: "inline", data: "x".repeat(FRAME_LIMIT_BYTES - 300), references: [] } as const;
    agent.send([outcomeOf("Rbcdfghjk:1:1", { kind: "succeeded", value })]);
    expect(await agent.closed).toBe(1002);
  });
});
