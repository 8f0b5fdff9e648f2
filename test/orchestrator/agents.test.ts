import { afterEach, describe, expect, test } from "vitest";
import { declaration, succeeded } from "../support/scripted-agent.ts";
import { type OrchestratorRig, startRig } from "./orchestrator-rig.ts";

let rig: OrchestratorRig;
afterEach(() => rig.close());

describe("an agent", () => {
  test("gets a run that was started, and its outcome is the run's result", async () => {
    rig = await startRig();
    const gateway = await rig.gateway();
    const agent = gateway.agent();
    await agent.join();
    await agent.acknowledgement(agent.send([declaration({ main: {} })]));
    const started = await gateway.request("start-run", {
      target: "flows/main",
      arguments: [],
      options: null,
      idempotencyKey: null,
    });
    if (!started.ok) throw new Error(started.error.message);
    const { execution } = await agent.command("execute");
    expect(execution).toBe(started.value.executionId);
    const result = gateway.request("get-result", { run: started.value.runId, waitMs: 1_000 });
    agent.send([succeeded(execution, "42")]);
    expect(await result).toEqual({ ok: true, value: { status: "succeeded", value: 42 } });
  });
});
