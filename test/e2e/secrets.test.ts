import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LogsView } from "../../src/protocol/views.ts";
import { coflux } from "../support/coflux.ts";
import { eventually } from "../support/eventually.ts";
import { killHard } from "../support/process-tree.ts";
import {
  type TestAgent,
  type TestServer,
  environmentPath,
  resultOf,
  startAgent,
  startRun,
  startServer,
} from "../support/server.ts";
import { temporaryDirectory } from "../support/temporary.ts";

// What users entrust to it goes where they sent it, and into no log of the product.

const E = environmentPath();
/** Each secret names the way that it took. */
const secret = (way: string): string => `canary-${way}-7c1f`;

let temporary: Awaited<ReturnType<typeof temporaryDirectory>>;
let server: TestServer;
let agent: TestAgent;

beforeAll(async () => {
  temporary = await temporaryDirectory();
  server = await startServer();
  agent = await startAgent(server, { environmentVariables: { COFLUX_TOKEN: secret("agent-token") } });
});

afterAll(async () => {
  await agent?.stop();
  await server?.remove();
  await temporary?.remove();
});

test("no argument, result, line of log, key, blob or token is in the logs of the server or in what server and agent print", async () => {
  const run = await startRun(server, "confides", [secret("value")], { idempotencyKey: secret("key") });
  expect(await resultOf(server, run)).toEqual({ status: "succeeded", value: secret("value") });
  await eventually("its log is kept", async () => {
    const { body } = await server.api<LogsView>("GET", `${E}/runs/${run}/logs`);
    return body.logs.length === 3 && JSON.stringify(body.logs).split(secret("value")).length > 4;
  });
  await resultOf(server, await startRun(server, "failing", [secret("error")]));
  await resultOf(server, await startRun(server, "echo", [secret("blob").padEnd(100_000, "x")]));

  await writeFile(`${temporary.path}/token`, secret("token"));
  const words = [
    "run",
    "flows/echo",
    secret("argument"),
    "--url",
    server.url,
    "--token-file",
    `${temporary.path}/token`,
  ];
  expect(await coflux(words)).toMatchObject({ code: 0, stdout: `"${secret("argument")}"\n` });

  const authorization = { authorization: `Bearer ${secret("bearer")}`, cookie: secret("cookie") };
  const refused = [
    await server.api(
      "POST",
      `${E}/runs`,
      `{"target":"flows/echo","arguments":["${secret("broken-json")}`,
      authorization,
    ),
    await server.api("POST", `${E}/runs`, { target: "flows/echo", arguments: [1, secret("surplus")] }, authorization),
    await server.api("POST", `${E}/runs`, { target: "flows/echo", arguments: [{ $: secret("tag") }] }, authorization),
    await server.api("POST", `${E}/runs`, { target: "flows/echo", idempotencyKey: secret("key"), arguments: [1] }),
  ];
  expect(refused.map(({ status }) => status)).toEqual([400, 400, 400, 409]);

  // An orchestrator that dies, and one that recovers, say more than others.
  const doomed = (await server.processes()).orchestrators[0]?.pid;
  killHard(doomed ?? 0);
  await eventually("it is ready again", async () => {
    const [next] = (await server.processes()).orchestrators;
    return next?.state === "ready" && next.pid !== doomed;
  });
  expect(await resultOf(server, await startRun(server, "confides", [secret("after-crash")]))).toMatchObject({
    value: secret("after-crash"),
  });
  await agent.stop();
  await server.stop();

  const logs = await filesIn(`${server.dataDirectory}/logs`);
  expect(logs).toContain("default/development");
  const printed = [server.process, agent.process].map((one) => one.stdout() + one.stderr());
  for (const text of [logs, ...printed]) expect(text.match(/canary-[a-z-]+-7c1f/g) ?? []).toEqual([]);
});

async function filesIn(directory: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((path) => readFile(path, "utf8")))).join("\n");
}
