import { existsSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type TestServer, resultOf, startAgent, startRun, startServer, viewOf } from "../support/server.ts";
import { temporaryDirectory } from "../support/temporary.ts";

let server: TestServer;
let temporary: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeAll(async () => {
  temporary = await temporaryDirectory();
  server = await startServer();
});

afterAll(async () => {
  await server?.remove();
  await temporary?.remove();
});

test("an agent whose terminal was closed drains, as if it had been asked to", async () => {
  const agent = await startAgent(server);
  const path = `${temporary.path}/hang-up`;
  const begun = await startRun(server, "callsLater", [path, 1]);
  await eventually("the workflow runs", async () => existsSync(`${path}.started`));
  agent.process.process.kill("SIGHUP");
  await agent.process.line(/draining: waiting for 1 execution/);
  writeFileSync(path, "");
  expect(await agent.process.finished).toMatchObject({ code: 0, signal: null });
  expect(await resultOf(server, begun)).toMatchObject({ status: "succeeded" });
});

test("the only agent is told to leave in the middle of a nested workflow: it finishes that, begins nothing fresh, and ends with 0", async () => {
  const agent = await startAgent(server, { flags: ["--concurrency", "1"] });
  const path = `${temporary.path}/go`;
  const begun = await startRun(server, "callsLater", [path, 5]);
  await eventually("the workflow runs", async () => existsSync(`${path}.started`));
  agent.process.process.kill("SIGTERM");
  await agent.process.line(/draining: waiting for 1 execution/);
  const fresh = await startRun(server, "sum", [1, 2]);
  writeFileSync(path, "");
  expect(await resultOf(server, begun)).toMatchObject({ status: "succeeded", value: 5 + 10 * 6 });
  expect(await agent.process.finished).toMatchObject({ code: 0, signal: null });
  expect(await viewOf(server, fresh)).toMatchObject({ status: "queued" });

  const successor = await startAgent(server);
  expect(await resultOf(server, fresh)).toMatchObject({ status: "succeeded", value: 3 });
  await successor.stop();
});
