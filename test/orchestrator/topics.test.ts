import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TOPIC_INTERVAL_MS } from "../../src/orchestrator/limits.ts";
import { type TargetOptions, noOptions } from "../../src/protocol/manifest.ts";
import { applyPatch } from "../../src/protocol/patch.ts";
import type { TopicEvent } from "../../src/protocol/topics.ts";
import { type ScriptedAgent, declaration, succeeded } from "../support/scripted-agent.ts";
import type { ScriptedGateway, ScriptedSubscription } from "../support/scripted-gateway.ts";
import { type OrchestratorRig, startRig } from "./orchestrator-rig.ts";

let rig: OrchestratorRig;
let gateway: ScriptedGateway;
let agent: ScriptedAgent;
beforeEach(async () => {
  rig = await startRig();
  gateway = await rig.gateway();
  agent = gateway.agent();
  await agent.join();
  await agent.acknowledgement(agent.send([declaration({ main: {} }, 1_000)]));
});
afterEach(() => rig.close());

async function startRun(options: Partial<TargetOptions> | null = null): Promise<string> {
  const overrides = options && { ...noOptions, ...options };
  const params = { target: "flows/main", arguments: [], options: overrides, idempotencyKey: null };
  const started = await gateway.request("start-run", params);
  if (!started.ok) throw new Error(started.error.message);
  return started.value.runId;
}

/** A subscriber that keeps the value up by the patches, as a browser does, and checks the numbers. */
class Mirror {
  readonly #subscription: ScriptedSubscription;
  version = 0;
  value: unknown;
  readonly kinds: string[] = [];

  constructor(topic: string) {
    this.#subscription = gateway.subscribe(topic);
  }

  async next(): Promise<this> {
    this.take(await this.#subscription.events.next());
    return this;
  }

  /** Lets time pass until nothing has come for a while. */
  async settle(): Promise<unknown> {
    for (let quiet = 0; quiet < 3; quiet++) {
      rig.time.advance(TOPIC_INTERVAL_MS);
      await gateway.request("list-agents", {}); // Whatever was asked of the reader before has been answered, too.
      for (const event of this.#subscription.events.takeAll()) {
        this.take(event);
        quiet = -1;
      }
    }
    return this.value;
  }

  take(event: TopicEvent): void {
    this.kinds.push(event.kind);
    if (event.kind === "error") throw new Error(event.code);
    if (event.kind === "value") this.value = event.value;
    else {
      expect(event.version).toBe(this.version + 1);
      this.value = applyPatch(this.value, event.patch);
    }
    this.version = event.version;
  }

  unsubscribe(): void {
    this.#subscription.unsubscribe();
  }
}

const logsOf = (execution: string, from: number, count: number) => ({
  kind: "logs" as const,
  entries: Array.from({ length: count }, (_, index) => ({
    execution,
    sequence: from + index,
    timestamp: 5,
    level: 2,
    template: `line ${from + index}`,
    values: null,
  })),
});

describe("a live view", () => {
  test("of a run begins with the whole, and its patches lead to what a fresh look shows", async () => {
    const run = await startRun();
    const { execution } = await agent.command("execute");
    const mirror = await new Mirror(`run/${run}`).next();
    expect(mirror).toMatchObject({ version: 1, value: { id: run, status: "running" } });
    agent.send([
      {
        kind: "submit",
        request: 1,
        caller: execution,
        target: "flows/main",
        arguments: [],
        options: null,
        isAwaited: false,
      },
    ]);
    await agent.command("submitted");
    await mirror.settle();
    agent.send([succeeded(execution, "1")]);
    await agent.acknowledgement(3);
    const value = await mirror.settle();
    expect(value).toMatchObject({ status: "succeeded", steps: [{}, {}] });
    expect(await gateway.request("get-run", { run })).toEqual({ ok: true, value });
    expect(mirror.kinds.slice(1)).toEqual(mirror.kinds.slice(1).map(() => "patch"));
  });

  test("of a run shows why it does not go on when its time has come and nobody has room for it", async () => {
    await agent.acknowledgement(agent.send([declaration({ main: {} }, 1)]));
    await startRun();
    await agent.command("execute");
    const run = await startRun({ delayMs: 5_000 });
    const mirror = await new Mirror(`run/${run}`).next();
    expect(JSON.stringify(await mirror.settle())).toContain('"reason":{"code":"delayed"');
    rig.time.advance(5_000);
    expect(JSON.stringify(await mirror.settle())).toContain('"reason":{"code":"agents_full"');
  });

  test.each([
    ["runs", /"id":"R\w+","target":"flows\/main"/],
    ["agents", /"sessionId":.*"sessionId":/],
    ["repositories", /"name":"second"/],
  ])("of %s follows what happens", async (topic, shows) => {
    const mirror = await new Mirror(topic).next();
    await startRun();
    const other = gateway.agent();
    await other.join();
    await other.acknowledgement(other.send([declaration({ main: {}, second: {} })]));
    const value = JSON.stringify(await mirror.settle());
    const fresh = await new Mirror(topic).next();
    expect(JSON.stringify(fresh.value)).toBe(value);
    expect(value).toMatch(shows);
  });

  test("hears of many changes at most ten times a second, and of the last one in any case", async () => {
    const mirror = await new Mirror("runs").next();
    for (let count = 0; count < 40; count++) {
      await startRun();
      rig.time.advance(TOPIC_INTERVAL_MS / 10);
    }
    const before = mirror.version;
    await mirror.settle();
    expect(mirror.version - before).toBeLessThanOrEqual(6);
    expect((mirror.value as { runs: unknown[] }).runs).toHaveLength(40);
  });

  test("hears nothing of what it does not show, and nothing at all once it has ended", async () => {
    const [shown, hidden] = [await startRun(), await startRun()];
    const mirror = await new Mirror(`run/${shown}`).next();
    await mirror.settle();
    const { version } = mirror;
    const executions = [await agent.command("execute"), await agent.command("execute")];
    agent.send([succeeded(executions.find(({ execution }) => execution.startsWith(hidden))?.execution ?? "")]);
    await agent.acknowledgement(2);
    await mirror.settle();
    expect(mirror.version).toBe(version);
    mirror.unsubscribe();
    await gateway.request("cancel-run", { run: shown });
    await mirror.settle();
    expect(mirror.version).toBe(version);
  });

  test("waits while the link has no credit, and then hears of all that has changed at once", async () => {
    const mirror = await new Mirror("runs").next();
    gateway.hoard(true);
    for (let count = 0; count < 600; count++) void gateway.requestRaw("no-such", {});
    await gateway.requestRaw("no-such", {});
    for (let count = 0; count < 20; count++) await startRun();
    await mirror.settle();
    expect(mirror.version).toBe(1);
    gateway.hoard(false);
    await mirror.settle();
    expect(mirror.version).toBe(2);
    expect((mirror.value as { runs: unknown[] }).runs).toHaveLength(20);
  });

  test("of logs begins with the latest thousand lines and goes on with what is added", async () => {
    const run = await startRun();
    const { execution } = await agent.command("execute");
    agent.send([logsOf(execution, 1, 1_000), logsOf(execution, 1_001, 500)]);
    await agent.acknowledgement(2);
    const mirror = await new Mirror(`logs/${run}`).next();
    const lines = (): readonly { template: string }[] => (mirror.value as { logs: { template: string }[] }).logs;
    expect(lines()).toHaveLength(1_000);
    expect(lines()[0]?.template).toBe("line 501");
    agent.send([logsOf(execution, 1_501, 3)]);
    await agent.acknowledgement(3);
    await mirror.settle();
    expect(lines()).toHaveLength(1_003);
    expect(lines().at(-1)?.template).toBe("line 1503");
    expect(mirror.kinds).toEqual(["value", "patch"]);
  });

  test("of logs that flood begins again with the latest", async () => {
    const run = await startRun();
    const { execution } = await agent.command("execute");
    const mirror = await new Mirror(`logs/${run}`).next();
    expect(mirror.value).toEqual({ logs: [], cursor: null });
    agent.send([logsOf(execution, 1, 1_000), logsOf(execution, 1_001, 1_000)]);
    await agent.acknowledgement(2);
    await mirror.settle();
    expect(mirror.kinds).toEqual(["value", "value"]);
    expect((mirror.value as { logs: { template: string }[] }).logs[0]?.template).toBe("line 1001");
  });

  test.each([
    ["run/Rbcdfghjk", "run_not_found"],
    ["logs/Rbcdfghjk", "run_not_found"],
    ["queue-of-something", "topic_not_found"],
  ])("of %s ends with %s", async (topic, code) => {
    expect(await gateway.subscribe(topic).events.next()).toMatchObject({ kind: "error", code });
  });
});
