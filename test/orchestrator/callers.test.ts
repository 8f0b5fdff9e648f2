import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RequestName, RequestParams } from "../../src/protocol/orchestrator-requests.ts";
import { declaration, outcomeOf, succeeded } from "../support/scripted-agent.ts";
import type { ScriptedAgent } from "../support/scripted-agent.ts";
import type { ScriptedGateway } from "../support/scripted-gateway.ts";
import { type OrchestratorRig, startRig } from "./orchestrator-rig.ts";

let rig: OrchestratorRig;
let gateway: ScriptedGateway;
let agent: ScriptedAgent;
beforeEach(async () => {
  rig = await startRig();
  gateway = await rig.gateway();
  agent = gateway.agent();
  await agent.join();
  await agent.acknowledgement(agent.send([declaration({ main: {}, other: {}, task: {} })]));
});
afterEach(() => rig.close());

type StartParams = RequestParams<"start-run">;

const call = (change: Partial<StartParams> = {}): StartParams => ({
  target: "flows/main",
  arguments: [],
  options: null,
  idempotencyKey: null,
  ...change,
});

async function startRun(change: Partial<StartParams> = {}): Promise<string> {
  const started = await gateway.request("start-run", call(change));
  if (!started.ok) throw new Error(started.error.message);
  return started.value.runId;
}

async function codeOf<N extends RequestName>(name: N, params: RequestParams<N>): Promise<string | null> {
  const result = await gateway.request(name, params);
  return result.ok ? null : result.error.code;
}

describe("a caller", () => {
  test("waits for a result and has it as soon as it is committed", async () => {
    const run = await startRun();
    const results = [1, 2, 3].map(() => gateway.request("get-result", { run, waitMs: 60_000 }));
    const { execution } = await agent.command("execute");
    agent.send([outcomeOf(execution, { kind: "cancelled" })]);
    for (const result of await Promise.all(results))
      expect(result).toEqual({ ok: true, value: { status: "cancelled" } });
  });

  test("who has waited long enough is told that the run is pending", async () => {
    const run = await startRun();
    await agent.command("execute");
    const waiting = gateway.request("get-result", { run, waitMs: 1_000 });
    expect(await gateway.request("get-result", { run, waitMs: 0 })).toEqual({ ok: true, value: { status: "pending" } });
    rig.time.advance(1_000);
    expect(await waiting).toEqual({ ok: true, value: { status: "pending" } });
  });

  test("who has gone is forgotten", async () => {
    const run = await startRun();
    const id = gateway.send("get-result", { run, waitMs: 60_000 });
    await gateway.request("get-result", { run, waitMs: 0 });
    gateway.forget(id);
    await gateway.request("list-agents", {});
    const { execution } = await agent.command("execute");
    agent.send([succeeded(execution)]);
    expect(await gateway.request("get-result", { run, waitMs: 60_000 })).toMatchObject({ ok: true });
    expect(rig.complaints).toEqual([]);
  });

  test("sees what was committed before its question in every view", async () => {
    const run = await startRun({ arguments: [{ kind: "inline", data: "[1,2]", references: [] }] });
    const view = await gateway.request("get-run", { run });
    expect(view).toMatchObject({
      ok: true,
      value: { id: run, status: "running", steps: [{ arguments: [[1, 2]], executions: [{ status: "assigned" }] }] },
    });
    expect(await gateway.request("list-runs", { status: null, target: null, limit: 10, cursor: null })).toMatchObject({
      ok: true,
      value: { runs: [{ id: run }], cursor: null },
    });
    expect(await gateway.request("list-repositories", {})).toMatchObject({
      ok: true,
      value: { repositories: [{ name: "flows", agents: [expect.stringMatching(/^S/)] }] },
    });
  });

  test("may cancel a run twice; the agent is told to stop once", async () => {
    const run = await startRun();
    const { execution } = await agent.command("execute");
    expect(await codeOf("cancel-run", { run })).toBeNull();
    expect(await codeOf("cancel-run", { run })).toBeNull();
    expect(await agent.command("abort")).toEqual({ kind: "abort", execution, reason: "cancelled" });
    agent.send([{ kind: "stopped", execution }]);
    await agent.acknowledgement(2);
    expect(agent.commands.waiting).toEqual([]);
  });

  test("may run a step again, and the run is pending until it is done", async () => {
    const run = await startRun();
    agent.send([succeeded((await agent.command("execute")).execution, "1")]);
    await gateway.request("get-result", { run, waitMs: 60_000 });
    expect(await gateway.request("rerun-step", { step: `${run}:1` })).toEqual({
      ok: true,
      value: { executionId: `${run}:1:2`, attempt: 2 },
    });
    const result = gateway.request("get-result", { run, waitMs: 60_000 });
    agent.send([succeeded((await agent.command("execute")).execution, "2")]);
    expect(await result).toMatchObject({ value: { value: 2 } });
  });

  test("pauses and resumes the environment", async () => {
    await gateway.request("pause", {});
    const run = await startRun();
    const view = await gateway.request("get-run", { run });
    expect(view).toMatchObject({ value: { steps: [{ executions: [{ reason: { code: "environment_paused" } }] }] } });
    await gateway.request("resume", {});
    await agent.command("execute");
  });

  test("drains an agent", async () => {
    const agents = await gateway.request("list-agents", {});
    const session = agents.ok ? (agents.value.agents[0]?.sessionId ?? "") : "";
    expect(await codeOf("drain-agent", { session })).toBeNull();
    await agent.command("drain");
  });

  test("finds an environment that was archived at its end: what was under way is cancelled, and nothing begins", async () => {
    const run = await startRun();
    rig.restart({ isArchived: true });
    await rig.orchestrator.settled;
    gateway = await rig.gateway();
    expect(await codeOf("start-run", call())).toBe("environment_archived");
    expect(await codeOf("rerun-step", { step: `${run}:1` })).toBe("environment_archived");
    expect(await gateway.request("get-result", { run, waitMs: 0 })).toMatchObject({ value: { status: "cancelled" } });
    expect(await gateway.request("list-agents", {})).toMatchObject({ value: { agents: [] } });
  });

  test("is served by an archived environment when all of it has ended, however much there was and however often it was cut short", async () => {
    const runs = Array.from({ length: 2_500 }, () => ({ kind: "start-run", ...call() }) as const);
    rig.engine.execute(runs, rig.time.clock.now());
    rig.restart({ isArchived: true });
    await new Promise(setImmediate); // Its first transaction is over, and not all could be in that.
    expect(rig.activity.at(-1)).toMatchObject({ kind: "progress" });
    rig.restart({ isArchived: true });
    await rig.orchestrator.settled;
    gateway = await rig.gateway();
    const queued = { status: "queued", target: null, limit: 1, cursor: null } as const;
    expect(await gateway.request("list-runs", queued)).toMatchObject({ value: { runs: [] } });
  });

  test("asks for the log of a step: of one that says nothing it is empty, one that there is not is not found", async () => {
    const filter = { run: await startRun(), attempt: null, level: null, after: null, limit: 10 };
    expect(await gateway.request("get-logs", { ...filter, step: 1 })).toMatchObject({ value: { logs: [] } });
    expect(await codeOf("get-logs", { ...filter, step: 2 })).toBe("step_not_found");
  });

  test.each<[string, RequestName, RequestParams<RequestName>, string]>([
    ["the result of no run", "get-result", { run: "Rbcdfghjk", waitMs: 0 }, "run_not_found"],
    ["waits for no run", "get-result", { run: "nonsense", waitMs: 1_000 }, "run_not_found"],
    ["the view of no run", "get-run", { run: "Rbcdfghjk" }, "run_not_found"],
    [
      "the logs of no run",
      "get-logs",
      { run: "x", step: null, attempt: null, level: null, after: null, limit: 1 },
      "run_not_found",
    ],
    ["cancels no run", "cancel-run", { run: "Rbcdfghjk" }, "run_not_found"],
    ["cancels no execution", "cancel-execution", { execution: "Rbcdfghjk:1:1" }, "execution_not_found"],
    ["runs no step again", "rerun-step", { step: "Rbcdfghjk:1" }, "step_not_found"],
    ["drains no agent", "drain-agent", { session: "Sbcdfghjklmnp" }, "session_not_found"],
    ["starts no target", "start-run", call({ target: "flows/none" }), "target_not_found"],
    ["starts a task", "start-run", call({ target: "flows/task" }), "not_a_workflow"],
    ["a page behind no cursor", "list-runs", { status: null, target: null, limit: 1, cursor: "x" }, "invalid_request"],
  ])("that asks for %s is told so", async (_, name, params, code) => {
    expect(await codeOf(name, params)).toBe(code);
  });

  test("is told which part of a request is wrong; one of no known name is refused", async () => {
    expect(await gateway.requestRaw("get-result", { run: "R", waitMs: -1 })).toMatchObject({
      ok: false,
      error: { code: "invalid_request", details: { field: "waitMs" } },
    });
    for (const name of ["no-such", "constructor", "__proto__", 7, null]) {
      expect(await gateway.requestRaw(name, {})).toMatchObject({ ok: false, error: { code: "invalid_request" } });
    }
  });

  test("whose arguments do not fit into one frame to an agent is told so", async () => {
    const values: StartParams["arguments"] = Array.from({ length: 40 }, () => ({
      kind: "inline",
      data: `"${"ä".repeat(14_000)}"`,
      references: [],
    }));
    expect(await codeOf("start-run", call({ arguments: values }))).toBe("body_too_large");
    await startRun({ arguments: values.slice(0, 30) });
    expect((await agent.command("execute")).arguments).toHaveLength(30);
  });

  test("with an idempotency key gets the same run, also over a restart", async () => {
    const first = await startRun({ idempotencyKey: "k" });
    rig.restart();
    gateway = await rig.gateway();
    expect(await gateway.request("start-run", call({ idempotencyKey: "k" }))).toMatchObject({
      value: { runId: first, isNew: false },
    });
    expect(await codeOf("start-run", call({ target: "flows/other", idempotencyKey: "k" }))).toBe(
      "idempotency_mismatch",
    );
  });

  test("gets no answer over a new link that was meant for an old one", async () => {
    const old = gateway;
    const id = old.send("get-run", { run: await startRun() });
    gateway = await rig.gateway();
    await old.closed;
    // Numbers of requests begin anew on each link: one of these has the number of the old question.
    for (let count = 0; count <= id; count++) {
      expect(await gateway.request("list-agents", {})).toMatchObject({ value: { agents: [{ connected: false }] } });
    }
  });
});

test("an orchestrator that stops answers what it took and then says goodbye: what has no answer was not taken", async () => {
  const heard: string[] = [];
  const ask = () => gateway.request("start-run", call()).then(() => heard.push("answer"));
  await ask();
  void gateway.goodbye.then(() => heard.push("goodbye"));
  for (let count = 0; count < 50; count++) void ask();
  await new Promise(setImmediate); // Some of them have arrived.
  await rig.orchestrator.drain();
  await gateway.closed;
  const answers = heard.indexOf("goodbye");
  expect(heard).toHaveLength(answers + 1);
  expect(rig.database.get("SELECT count(*) AS count FROM runs")).toEqual({ count: answers });
});
