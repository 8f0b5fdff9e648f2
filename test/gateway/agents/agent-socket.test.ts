import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { AGENT_ENVELOPE_BYTES, encodeAgentFrame } from "../../../src/protocol/agent-frame.ts";
import { AGENT_SUBPROTOCOL } from "../../../src/protocol/version.ts";
import { FRAME_LIMIT_BYTES } from "../../../src/protocol/limits.ts";
import { SLOW_READER_MS, SOCKET_SWEEP_MS } from "../../../src/gateway/limits.ts";
import { eventually } from "../../support/eventually.ts";
import { type GatewayRig, startGatewayRig, watch } from "../../support/gateway-rig.ts";
import { virtualTime } from "../../support/virtual-time.ts";

let rig: GatewayRig;

beforeEach(async () => {
  rig = await startGatewayRig();
});
afterEach(() => rig.close());

function frame(text: string): Uint8Array {
  return encodeAgentFrame({ kind: "data", epoch: 1, sequence: 1, acknowledged: 0 }, Buffer.from(text));
}

const asked = (): number => rig.supervisor.asked.filter(({ name }) => name === "ensure-environment").length;
const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

describe("an agent that connects", () => {
  test("makes the gateway ask for the orchestrator, and is announced to it", async () => {
    await rig.agent();
    const { connection } = await rig.orchestrator.hears("agentOpen");
    expect(connection).toBe(1);
    expect(rig.supervisor.asked.map(({ name }) => name)).toContain("ensure-environment");
  });

  test("has its frames passed on as they are, in both directions", async () => {
    const agent = await rig.agent();
    await rig.orchestrator.hears("agentOpen");
    const bytes = frame("\0\u00ff any bytes at all");
    agent.socket.send(bytes);
    expect((await rig.orchestrator.hears("agentFrame")).frame).toBe(latin(bytes));
    rig.orchestrator.sendFrame(1, "back \u0000\u00fe");
    expect((await agent.message(0)).toString("latin1")).toBe("back \u0000\u00fe");
  });

  test("is told apart from others by a number of its own", async () => {
    const agents = [await rig.agent(), await rig.agent(), await rig.agent()];
    await rig.orchestrator.hears("agentOpen", ({ connection }) => connection === 3);
    agents[1]?.socket.send(frame("second"));
    expect(await rig.orchestrator.hears("agentFrame")).toMatchObject({ connection: 2 });
    rig.orchestrator.sendFrame(3, "to the third");
    expect(latin((await agents[2]?.message(0)) ?? Buffer.alloc(0))).toBe("to the third");
    expect(agents[0]?.messages).toEqual([]);
  });

  test("is announced as gone when it goes", async () => {
    const agent = await rig.agent();
    await rig.orchestrator.hears("agentOpen");
    agent.socket.terminate();
    expect(await rig.orchestrator.hears("agentClose")).toMatchObject({ connection: 1 });
  });

  test("is closed with the code that the orchestrator says", async () => {
    const agent = await rig.agent();
    await rig.orchestrator.hears("agentOpen");
    rig.orchestrator.closeAgent(1, 4001, "replaced by a newer connection");
    expect(await agent.closed).toEqual({ code: 4001, reason: "replaced by a newer connection" });
  });

  test("may send a frame of exactly the limit", async () => {
    const agent = await rig.agent();
    await rig.orchestrator.hears("agentOpen");
    agent.socket.send(frame("x".repeat(FRAME_LIMIT_BYTES - AGENT_ENVELOPE_BYTES)));
    expect((await rig.orchestrator.hears("agentFrame")).frame).toHaveLength(FRAME_LIMIT_BYTES);
  });
});

describe("an agent is closed when it sends", () => {
  test.each<[string, string | Uint8Array, number]>([
    ["text", "hello", 1002],
    ["less than an envelope", new Uint8Array(AGENT_ENVELOPE_BYTES - 1), 1002],
    ["a frame of no kind", new Uint8Array(AGENT_ENVELOPE_BYTES).fill(9), 1002],
    ["more than a frame may have", new Uint8Array(FRAME_LIMIT_BYTES + 1), 1009],
  ])("%s", async (_what, data, code) => {
    const agent = await rig.agent();
    await rig.orchestrator.hears("agentOpen");
    agent.socket.send(data);
    expect((await agent.closed).code).toBe(code);
    await rig.orchestrator.hears("agentClose");
    expect(rig.orchestrator.heard.some(({ kind }) => kind === "agentFrame")).toBe(false);
  });

  test("a message of more fragments than it needs", async () => {
    const agent = await rig.agent();
    for (let count = 0; count < 200; count++) agent.socket.send("x", { binary: true, fin: false });
    expect((await agent.closed).code).toBe(1008);
  });
});

describe("while the orchestrator is away", () => {
  test("agents stay connected, and are announced again when it is back", async () => {
    const agents = [await rig.agent(), await rig.agent()];
    await rig.orchestrator.hears("agentOpen", ({ connection }) => connection === 2);
    rig.supervisor.set("development", "silence");
    await rig.orchestrator.kill();
    await rig.orchestrator.hears("lost");
    const since = rig.orchestrator.heard.length;
    await rig.orchestrator.start();
    rig.supervisor.set("development", { socketPath: rig.orchestrator.socketPath });
    await rig.orchestrator.hears("agentOpen", ({ connection }) => connection === 1, since);
    await rig.orchestrator.hears("agentOpen", ({ connection }) => connection === 2, since);
    expect(agents.map(({ socket }) => socket.readyState)).toEqual([WebSocket.OPEN, WebSocket.OPEN]);
  });

  test("nothing is read from agents; what they sent arrives afterwards", async () => {
    const agent = await rig.agent();
    await rig.orchestrator.hears("agentOpen");
    rig.supervisor.set("development", "silence");
    await rig.orchestrator.kill();
    await eventually("the gateway asks for another", async () => asked() === 2);
    agent.socket.send(frame("while away"));
    const since = rig.orchestrator.heard.length;
    await rig.orchestrator.start();
    rig.supervisor.set("development", { socketPath: rig.orchestrator.socketPath });
    expect((await rig.orchestrator.hears("agentFrame", () => true, since)).frame).toBe(latin(frame("while away")));
  });

  test("an agent may connect, and is announced when there is someone to announce it to", async () => {
    rig.supervisor.set("development", "silence");
    await rig.agent();
    expect(rig.orchestrator.heard).toEqual([]);
    rig.supervisor.set("development", { socketPath: rig.orchestrator.socketPath });
    await rig.orchestrator.hears("agentOpen");
  });
});

test("agents are not read from while the orchestrator gives no credit", async () => {
  const [agent, other] = [await rig.agent(), await rig.agent()];
  await rig.orchestrator.hears("agentOpen", ({ connection }) => connection === 2);
  rig.orchestrator.hoard(true);
  const large = frame("x".repeat(1_000_000));
  for (let sent = 0; sent < 40; sent++) agent.socket.send(large);
  await rig.orchestrator.hears("agentFrame");
  other.socket.send(frame("of another agent"));
  await rig.orchestrator.hears("agentFrame", ({ connection }) => connection === 2);
  const arrived = (): number => rig.orchestrator.heard.filter(({ kind }) => kind === "agentFrame").length;
  expect(arrived()).toBeLessThan(10);
  rig.orchestrator.hoard(false);
  await eventually("the rest", async () => arrived() === 41);
});

describe("an upgrade is refused", () => {
  const path = "/agent?project=default&environment=development";
  const refused = (address: string, protocols: string[], headers: Record<string, string> = {}) =>
    new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${rig.port}${address}`, protocols, { headers });
      socket.on("error", reject);
      socket.on("open", () => reject(new Error("it was taken")));
      socket.on("unexpected-response", (_request, response) => {
        let body = "";
        response.on("data", (chunk) => (body += String(chunk)));
        response.on("end", () => resolve({ status: response.statusCode, body: JSON.parse(body) }));
      });
    });

  test.each<[string, string, string[], Record<string, string>, number, string]>([
    ["without the sub-protocol", path, [], {}, 400, "protocol_mismatch"],
    ["with another sub-protocol", path, ["coflux.agent.v9"], {}, 400, "protocol_mismatch"],
    ["without a project", "/agent?environment=development", [AGENT_SUBPROTOCOL], {}, 400, "invalid_request"],
    ["with two environments", `${path}&environment=x`, [AGENT_SUBPROTOCOL], {}, 400, "invalid_request"],
    [
      "for an unknown project",
      "/agent?project=nowhere&environment=a",
      [AGENT_SUBPROTOCOL],
      {},
      404,
      "project_not_found",
    ],
    [
      "for an unknown environment",
      "/agent?project=default&environment=a",
      [AGENT_SUBPROTOCOL],
      {},
      404,
      "environment_not_found",
    ],
    [
      "for a name that climbs",
      "/agent?project=default&environment=../up",
      [AGENT_SUBPROTOCOL],
      {},
      404,
      "environment_not_found",
    ],
    ["from a foreign page", path, [AGENT_SUBPROTOCOL], { origin: "http://evil.example" }, 403, "forbidden_origin"],
    ["to a foreign host", path, [AGENT_SUBPROTOCOL], { host: "evil.example" }, 403, "forbidden_host"],
    ["elsewhere", "/somewhere", [AGENT_SUBPROTOCOL], {}, 404, "not_found"],
  ])("%s", async (_what, address, protocols, headers, status, code) => {
    expect(await refused(address, protocols, headers)).toMatchObject({ status, body: { error: { code } } });
  });

  test("for an archived environment", async () => {
    rig.supervisor.archive("development");
    expect(await refused(path, [AGENT_SUBPROTOCOL])).toMatchObject({
      status: 404,
      body: { error: { code: "environment_not_found" } },
    });
  });

  test("that is no WebSocket's beginning", async () => {
    const response = await fetch(`${rig.url}${path}`);
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: "invalid_request" } }]);
  });
});

test("agents are sent away with 4004 when their environment is archived", async () => {
  const agent = await rig.agent();
  await rig.orchestrator.hears("agentOpen");
  rig.supervisor.archive("development");
  rig.supervisor.announce("development", { state: "stopping", exists: false });
  expect((await agent.closed).code).toBe(4004);
});

test("ten thousand small frames to one agent arrive in order", async () => {
  const agent = await rig.agent();
  await rig.orchestrator.hears("agentOpen");
  for (let index = 0; index < 10_000; index++) rig.orchestrator.sendFrame(1, String(index));
  await agent.message(9_999);
  expect(agent.messages.map(String)).toEqual(Array.from({ length: 10_000 }, (_, index) => String(index)));
});

describe("an agent that does not read", () => {
  test("is closed with 1013 after a while, and others are served meanwhile", async () => {
    const time = virtualTime();
    const timed = await startGatewayRig({ clock: time.clock, timers: time.timers });
    const [slow, other] = [await timed.agent(), await timed.agent()];
    await timed.orchestrator.hears("agentOpen", ({ connection }) => connection === 2);
    slow.socket.pause();
    const large = "x".repeat(1_000_000);
    for (let count = 0; count < 20; count++) timed.orchestrator.sendFrame(1, large);
    timed.orchestrator.sendFrame(2, "for the other");
    expect(latin(await other.message(0))).toBe("for the other");
    for (let passedMs = 0; passedMs <= SLOW_READER_MS; passedMs += SOCKET_SWEEP_MS) time.advance(SOCKET_SWEEP_MS);
    slow.socket.resume();
    expect((await slow.closed).code).toBe(1013);
    expect(timed.complaints).toEqual([expect.stringMatching(/^agent given up .*"connection":1.* MB wait for it, /)]);
    other.socket.terminate();
    await timed.orchestrator.hears("agentClose", ({ connection }) => connection === 2);
    await timed.close();
  });

  test("but pauses shorter than that loses nothing", async () => {
    const agent = await rig.agent();
    await rig.orchestrator.hears("agentOpen");
    agent.socket.pause();
    const large = "x".repeat(1_000_000);
    for (let count = 0; count < 20; count++) rig.orchestrator.sendFrame(1, large);
    agent.socket.resume();
    expect(await agent.message(19)).toHaveLength(1_000_000);
  });
});

test("a drained gateway tells its agents to come back, each after another while", async () => {
  const agents = [await rig.agent(), await rig.agent()];
  await rig.gateway.drain(200);
  const [first, second] = await Promise.all(agents.map(({ closed }) => closed));
  expect([first?.code, second?.code]).toEqual([1012, 1012]);
  expect(first?.reason).toMatch(/^retry-after-ms=\d+$/);
  expect(second?.reason).not.toBe(first?.reason);
});

test("more connections than the limit are refused with a reason", async () => {
  const small = await startGatewayRig({ connectionLimit: 2 });
  await small.agent();
  await small.agent();
  const third = watch(
    new WebSocket(`ws://127.0.0.1:${small.port}/agent?project=default&environment=development`, [AGENT_SUBPROTOCOL]),
  );
  const [, response] = await once(third.socket, "unexpected-response");
  expect(response.statusCode).toBe(503);
  expect(response.headers["retry-after"]).toBe("5");
  third.socket.terminate();
  await small.close();
});
