import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestAgent, type TestServer, resultOf, startAgent, startRun, startServer } from "../support/server.ts";

let server: TestServer;
let agent: TestAgent;

beforeAll(async () => {
  server = await startServer();
  agent = await startAgent(server, { flags: ["--concurrency", "1", "--executors", "1"] });
});

afterAll(async () => {
  await agent?.stop();
  await server?.remove();
});

test("a thousand runs that each call a task finish on an agent with one slot", async () => {
  const runs = await Promise.all(Array.from({ length: 1_000 }, (_, index) => startRun(server, "sum", [index, 1])));
  const results = await Promise.all(runs.map((run) => resultOf(server, run)));
  expect(results.map(({ value }) => value)).toEqual(runs.map((_, index) => index + 1));
});
