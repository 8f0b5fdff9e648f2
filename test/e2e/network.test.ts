import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AgentsView } from "../../src/protocol/views.ts";
import { eventually } from "../support/eventually.ts";
import {
  type TestAgent,
  type TestServer,
  environmentPath,
  resultOf,
  startAgent,
  startRun,
  startServer,
  viewOf,
} from "../support/server.ts";
import { type TcpProxy, startTcpProxy } from "../support/tcp-proxy.ts";
import { temporaryDirectory } from "../support/temporary.ts";

let server: TestServer;
let proxy: TcpProxy;
let agent: TestAgent;
let temporary: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeAll(async () => {
  temporary = await temporaryDirectory();
  server = await startServer({ flags: ["--session-lease", "8s"] });
  proxy = await startTcpProxy(server.url);
  agent = await startAgent(server, { url: proxy.url });
});

afterAll(async () => {
  await agent?.stop();
  await proxy?.close();
  await server?.remove();
  await temporary?.remove();
});

const session = async (): Promise<string | undefined> => {
  const { body } = await server.api<AgentsView>("GET", `${environmentPath()}/agents`);
  return body.agents.find(({ connected }) => connected)?.sessionId;
};

const witnessed = async (path: string): Promise<string[]> => (await readFile(path, "utf8")).trim().split("\n");

/** So many that more bytes than the most below pass either way before the run ends. */
const STEPS = 25;

test.each(
  ["up" as const, "down" as const].flatMap((direction) =>
    [0, 1, 16, 18, 40, 150, 300, 500, 700, 900, 1_200, 2_000].map((bytes) => [bytes, direction] as const),
  ),
)("a connection cut after %d bytes %s loses nothing and repeats nothing", async (bytes, direction) => {
  const witness = `${temporary.path}/${direction}-${bytes}`;
  const before = { connections: proxy.agentConnections(), cuts: proxy.cuts() };
  proxy.cutNextAfter(bytes, direction);
  proxy.cutAll(); // The agent comes back through the connection that will be cut.
  const run = await startRun(server, "marked", [witness, STEPS, 0]);
  expect(await resultOf(server, run)).toMatchObject({ status: "succeeded", value: (STEPS * (STEPS - 1)) / 2 });
  expect(proxy.cuts()).toBe(before.cuts + 1); // In the midst of it: the agent had to come back once more to go on.
  expect(proxy.agentConnections()).toBeGreaterThanOrEqual(before.connections + 2);
  const starts = await witnessed(witness);
  expect(new Set(starts).size).toBe(starts.length);
  const statuses = (await viewOf(server, run)).steps.flatMap(({ executions }) =>
    executions.map(({ status }) => status),
  );
  expect(statuses).toEqual(Array(1 + STEPS).fill("succeeded"));
});

test("a session survives its connections", async () => {
  const before = await eventually("the agent is connected", session);
  proxy.cutAll();
  expect(await eventually("the agent is connected again", session)).toBe(before);
});

test(
  "a blackholed agent loses its session, stops its executions, and comes back with a new one",
  { timeout: 120_000 },
  async () => {
    const witness = `${temporary.path}/blackhole`;
    const before = await eventually("the agent is connected", session);
    const run = await startRun(server, "sleeper", [witness]);
    await eventually("the task sleeps", async () => (await witnessed(witness)).length === 1);
    proxy.setBlackhole(true);
    expect(await resultOf(server, run)).toMatchObject({ status: "abandoned" }); // Its root ran on the same agent.
    expect((await viewOf(server, run)).steps[1]?.executions[0]).toMatchObject({ status: "abandoned" });
    await eventually("the agent stopped the task by itself", async () => (await witnessed(witness)).length === 2);
    proxy.setBlackhole(false);
    const after = await eventually("the agent is back", async () => {
      const id = await session();
      return id !== before && id;
    });
    expect(after).not.toBe(before);
    expect(await resultOf(server, await startRun(server, "sum", [1, 2]))).toMatchObject({ value: 3 });
  },
);
