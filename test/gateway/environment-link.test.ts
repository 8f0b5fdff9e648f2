import { createHash } from "node:crypto";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { E, type GatewayRig, startGatewayRig } from "../support/gateway-rig.ts";
import { failure, ok } from "../../src/base/result.ts";
import { createEnvironmentLink } from "../../src/gateway/environment-link.ts";
import { createLog } from "../../src/process/log.ts";
import { realClock, realTimers } from "../../src/process/real-clock.ts";
import { PROTOCOL_VERSION } from "../../src/protocol/version.ts";
import { eventually } from "../support/eventually.ts";
import { linkTypes } from "../../src/protocol/link-frame.ts";
import { scriptedOrchestrator } from "../support/scripted-orchestrator.ts";

let rig: GatewayRig;

beforeEach(async () => {
  rig = await startGatewayRig();
});
afterEach(() => rig.close());

const never = () => new Promise<never>(() => undefined);
const asked = (): number => rig.supervisor.asked.filter(({ name }) => name === "ensure-environment").length;

/** Ends the orchestrator as a crash would; the supervisor starts no other until `comeBack`. */
async function crash(): Promise<void> {
  rig.supervisor.set("development", "silence");
  await rig.orchestrator.kill();
}

async function comeBack(): Promise<void> {
  await rig.orchestrator.start();
  rig.supervisor.set("development", { socketPath: rig.orchestrator.socketPath });
}

describe("a restart of the orchestrator", () => {
  test("makes a read wait that was under way, and answers it", async () => {
    rig.orchestrator.answer("list-agents", never);
    const call = rig.call("GET", `${E}/agents`);
    await rig.orchestrator.hears("request");
    await crash();
    rig.orchestrator.answer("list-agents", () => ok({ agents: [] }));
    await comeBack();
    expect(await call).toMatchObject({ status: 200, body: { agents: [] } });
  });

  test("makes a run with a key start once, as far as the client can see", async () => {
    rig.orchestrator.answer("start-run", never);
    const call = rig.call("POST", `${E}/runs`, { target: "a/b", idempotencyKey: "k" });
    await rig.orchestrator.hears("request");
    await crash();
    rig.orchestrator.answer("start-run", () =>
      ok({ runId: "Rbcdfgh", stepId: "Rbcdfgh:1", executionId: "Rbcdfgh:1:1", isNew: false }),
    );
    await comeBack();
    expect(await call).toMatchObject({ status: 200, body: { runId: "Rbcdfgh" } });
  });

  test("leaves the outcome of a run without a key open, and says so", async () => {
    rig.orchestrator.answer("start-run", never);
    const call = rig.call("POST", `${E}/runs`, { target: "a/b" });
    await rig.orchestrator.hears("request");
    await crash();
    const answer = await call;
    expect(answer).toMatchObject({ status: 503, body: { error: { code: "outcome_unknown" } } });
    expect(answer.headers.get("retry-after")).toBe("1");
  });

  test("makes a run without a key wait that was not sent yet", async () => {
    await rig.call("GET", `${E}/agents`);
    await crash();
    const call = rig.call("POST", `${E}/runs`, { target: "a/b" });
    rig.orchestrator.answer("start-run", () =>
      ok({ runId: "Rbcdfgh", stepId: "Rbcdfgh:1", executionId: "Rbcdfgh:1:1", isNew: true }),
    );
    await eventually("the gateway asks for another", async () => asked() === 2);
    await comeBack();
    expect(await call).toMatchObject({ status: 201 });
  });

  test("takes the time it took off what a client is willing to wait", async () => {
    rig.orchestrator.answer("get-result", never);
    const call = rig.call("GET", `${E}/runs/Rbcdfgh/result?waitMs=30000`);
    await rig.orchestrator.hears("request");
    await crash();
    const since = rig.orchestrator.heard.length;
    rig.orchestrator.answer("get-result", () => ok({ status: "pending" }));
    await comeBack();
    const { params } = await rig.orchestrator.hears("request", () => true, since);
    expect(params["waitMs"]).toBeLessThan(30_000);
    expect(await call).toMatchObject({ status: 200, body: { status: "pending" } });
  });
});

test("a run that an orchestrator did not take before its goodbye is started by the next one", async () => {
  rig.orchestrator.answer("start-run", never);
  const call = rig.call("POST", `${E}/runs`, { target: "a/b" });
  const { id } = await rig.orchestrator.hears("request");
  rig.supervisor.set("development", "silence");
  rig.orchestrator.sendPacked(linkTypes.goodbye, null);
  rig.orchestrator.sendPacked(linkTypes.reply, [id, false, { code: "shutting_down", message: "It stops." }]);
  await new Promise(setImmediate); // As an orchestrator does, so that what it said is on its way.
  await rig.orchestrator.kill();
  rig.orchestrator.answer("start-run", () =>
    ok({ runId: "Rbcdfgh", stepId: "Rbcdfgh:1", executionId: "Rbcdfgh:1:1", isNew: true }),
  );
  await comeBack();
  expect(await call).toMatchObject({ status: 201 });
});

test("a refusal of the supervisor is answered at once, with its reason", async () => {
  rig.supervisor.set("development", {
    code: "environment_unavailable",
    message: "default/development is quarantined: its database is corrupt.",
    details: { retryAfterMs: 30_000 },
  });
  const answer = await rig.call("GET", `${E}/agents`);
  expect(answer).toMatchObject({
    status: 503,
    body: {
      error: {
        code: "environment_unavailable",
        message: "default/development is quarantined: its database is corrupt.",
      },
    },
  });
  expect(answer.headers.get("retry-after")).toBe("30");
});

test("the supervisor is asked once for many who wait", async () => {
  rig.supervisor.set("development", "silence");
  rig.orchestrator.answer("list-agents", () => ok({ agents: [] }));
  const calls = Array.from({ length: 20 }, () => rig.call("GET", `${E}/agents`));
  await eventually("the gateway asks", async () => asked() === 1);
  rig.supervisor.set("development", { socketPath: rig.orchestrator.socketPath });
  const answers = await Promise.all(calls);
  expect(answers.map(({ status }) => status)).toEqual(Array<number>(20).fill(200));
  expect(asked()).toBe(1);
});

test("an environment that was deleted is not found any more, and those who wait hear it", async () => {
  rig.orchestrator.answer("get-result", never);
  const call = rig.call("GET", `${E}/runs/Rbcdfgh/result?waitMs=30000`);
  await rig.orchestrator.hears("request");
  rig.supervisor.remove("development");
  rig.supervisor.announce("development", { state: "stopped", exists: false });
  expect(await call).toMatchObject({ status: 404, body: { error: { code: "environment_not_found" } } });
  expect(await rig.call("GET", `${E}/agents`)).toMatchObject({ status: 404 });
});

test("an archived environment is read, and nothing is started or stored in it", async () => {
  await rig.call("GET", `${E}/agents`);
  rig.supervisor.archive("development");
  rig.supervisor.announce("development", { state: "ready", exists: false });
  await eventually(
    "the gateway looks again",
    async () => rig.supervisor.asked.filter(({ name }) => name === "show-environment").length === 2,
  );
  rig.orchestrator.answer("list-runs", () => ok({ runs: [], cursor: null }));
  expect(await rig.call("GET", `${E}/runs`)).toMatchObject({ status: 200 });
  const archived = { status: 409, body: { error: { code: "environment_archived" } } };
  expect(await rig.call("POST", `${E}/runs`, { target: "a/b" })).toMatchObject(archived);
  expect(await rig.call("PUT", `${E}/blobs/${"0".repeat(64)}`, "x")).toMatchObject(archived);
});

test("a name that was deleted and taken again before the gateway looked is an environment like any other", async () => {
  await rig.call("GET", `${E}/agents`);
  rig.supervisor.announce("development", { state: "stopped", exists: false });
  await eventually(
    "the gateway looks again",
    async () => rig.supervisor.asked.filter(({ name }) => name === "show-environment").length === 2,
  );
  const key = createHash("sha256").update("x").digest("hex");
  expect(await rig.call("PUT", `${E}/blobs/${key}`, "x")).toMatchObject({ status: 204 });
  await rig.agent();
});

describe("an orchestrator that does not keep to the protocol", () => {
  test.each<[string, (orchestrator: GatewayRig["orchestrator"]) => void]>([
    ["sends a frame of an unknown type", (peer) => peer.sendPacked(99, [])],
    ["sends a request", (peer) => peer.sendPacked(linkTypes.request, [1, "archive", {}])],
    ["sends a reply that is no list", (peer) => peer.sendPacked(linkTypes.reply, { id: 1 })],
    ["sends a reply without a number", (peer) => peer.sendPacked(linkTypes.reply, ["one", true, null])],
    ["sends bytes that are no msgpack", (peer) => peer.sendRaw(linkTypes.reply, Buffer.from([0xc1, 0xc1]))],
    ["sends an event without a number", (peer) => peer.sendRaw(linkTypes.topicEvent, Buffer.from("null"))],
    ["sends a view without a number", (peer) => peer.sendRaw(linkTypes.replyJson, Buffer.from("null"))],
    ["sends an agent's frame without a connection", (peer) => peer.sendRaw(linkTypes.agentFrame, Buffer.from([1]))],
    ["sends a malformed credit", (peer) => peer.sendRaw(linkTypes.credit, Buffer.from([1, 2, 3]))],
  ])("that %s loses its link, and gets another", async (_what, misbehave) => {
    rig.orchestrator.answer("list-agents", () => ok({ agents: [] }));
    await rig.call("GET", `${E}/agents`);
    const since = rig.orchestrator.heard.length;
    misbehave(rig.orchestrator);
    await rig.orchestrator.hears("lost", () => true, since);
    expect(await rig.call("GET", `${E}/agents`)).toMatchObject({ status: 200 });
  });

  test("that replies to nobody is not minded", async () => {
    rig.orchestrator.answer("list-agents", () => ok({ agents: [] }));
    await rig.call("GET", `${E}/agents`);
    rig.orchestrator.sendPacked(linkTypes.reply, [9_999, true, null]);
    rig.orchestrator.sendFrame(77, "to nobody");
    rig.orchestrator.tell(5, { kind: "value", version: 1, value: {} });
    rig.orchestrator.closeAgent(77, 4001, "nobody");
    expect(await rig.call("GET", `${E}/agents`)).toMatchObject({ status: 200 });
    expect(rig.orchestrator.heard.filter(({ kind }) => kind === "lost")).toEqual([]);
  });

  test("that fails without a known code is a failure of the server", async () => {
    rig.orchestrator.answer("list-agents", () => failure({ code: "no_such_code" as "internal", message: "?" }));
    expect(await rig.call("GET", `${E}/agents`)).toMatchObject({ status: 500, body: { error: { code: "internal" } } });
  });

  test("that speaks another version is not spoken to", async () => {
    const other = scriptedOrchestrator(`${rig.dataDirectory}/other.sock`, { protocol: PROTOCOL_VERSION + 1 });
    await other.start();
    rig.supervisor.add("other", { socketPath: other.socketPath });
    const hangUp = new AbortController();
    const call = fetch(`${rig.url}${E.replace("development", "other")}/agents`, { signal: hangUp.signal });
    await other.hears("lost");
    expect(other.heard.filter(({ kind }) => kind === "request")).toEqual([]);
    hangUp.abort();
    await expect(call).rejects.toThrow("aborted");
    await other.kill();
  });
});

test("a link that was closed answers with the reason", async () => {
  const { supervisor } = rig;
  const parts = { supervisor, clock: realClock, timers: realTimers, log: createLog({ process: "test" }) };
  const ref = { project: "default", environment: "development" };
  const link = createEnvironmentLink(ref, { ...parts, connect: (path) => connect(path) });
  const reason = { code: "environment_not_found", message: "it was deleted" } as const;
  link.close(reason);
  expect(await link.request("list-agents", {})).toEqual(failure(reason));
});
