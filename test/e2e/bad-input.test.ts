import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
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

let server: TestServer;
let agent: TestAgent;
const E = environmentPath();

beforeAll(async () => {
  server = await startServer();
  agent = await startAgent(server);
});

afterAll(async () => {
  await agent?.stop();
  await server?.remove();
});

const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);

test.each<[string, string, string, unknown, number, string]>([
  ["an unknown path", "GET", "/api/nothing", undefined, 404, "not_found"],
  ["an unknown project", "GET", "/api/projects/nowhere/environments", undefined, 404, "project_not_found"],
  ["an unknown environment", "GET", `${environmentPath("nowhere")}/runs`, undefined, 404, "environment_not_found"],
  [
    "a run in an unknown environment",
    "POST",
    `${environmentPath("nowhere")}/runs`,
    { target: "flows/sum" },
    404,
    "environment_not_found",
  ],
  ["a wrong method", "PUT", `${E}/runs`, undefined, 405, "method_not_allowed"],
  [
    "malformed percent-encoding",
    "GET",
    "/api/projects/default/environments/%E0%A4%A/runs",
    undefined,
    400,
    "invalid_request",
  ],
  ["a project name with capitals", "POST", "/api/projects", { id: "Shop" }, 400, "invalid_name"],
  ["a project without a name", "POST", "/api/projects", {}, 400, "invalid_request"],
  ["a project that exists", "POST", "/api/projects", { id: "default" }, 409, "project_exists"],
  ["an environment that climbs", "POST", "/api/projects/default/environments", { name: "../up" }, 400, "invalid_name"],
  [
    "an environment that exists",
    "POST",
    "/api/projects/default/environments",
    { name: "development" },
    409,
    "environment_exists",
  ],
  [
    "a base that does not exist",
    "POST",
    "/api/projects/default/environments",
    { name: "child", base: "nobody" },
    404,
    "environment_not_found",
  ],
  ["no JSON", "POST", `${E}/runs`, "{nonsense", 400, "invalid_json"],
  ["a body that is no object", "POST", `${E}/runs`, [1], 400, "invalid_request"],
  ["no target", "POST", `${E}/runs`, {}, 400, "invalid_request"],
  ["an unknown repository", "POST", `${E}/runs`, { target: "nothing/here" }, 404, "target_not_found"],
  ["an unknown target", "POST", `${E}/runs`, { target: "flows/nothing" }, 404, "target_not_found"],
  ["a target that is no path", "POST", `${E}/runs`, { target: "flows" }, 400, "invalid_request"],
  ["a task", "POST", `${E}/runs`, { target: "flows/add" }, 400, "not_a_workflow"],
  ["too many arguments", "POST", `${E}/runs`, { target: "flows/sum", arguments: [1, 2, 3] }, 400, "invalid_arguments"],
  ["too few arguments", "POST", `${E}/runs`, { target: "flows/sum", arguments: [1] }, 400, "invalid_arguments"],
  ["arguments that are no list", "POST", `${E}/runs`, { target: "flows/sum", arguments: 1 }, 400, "invalid_request"],
  [
    "an argument with an unknown tag",
    "POST",
    `${E}/runs`,
    { target: "flows/echo", arguments: [{ $: "nonsense", v: 1 }] },
    400,
    "invalid_value",
  ],
  [
    "an argument that is too deep",
    "POST",
    `${E}/runs`,
    `{"target":"flows/echo","arguments":[${deep(100)}]}`,
    400,
    "too_deep",
  ],
  ["a body nested a hundred thousand levels", "POST", `${E}/runs`, deep(100_000), 400, "too_deep"],
  ["a negative delay", "POST", `${E}/runs`, { target: "flows/sum", delayMs: -1 }, 400, "invalid_request"],
  ["a delay that is no number", "POST", `${E}/runs`, { target: "flows/sum", delayMs: "soon" }, 400, "invalid_request"],
  [
    "an empty idempotency key",
    "POST",
    `${E}/runs`,
    { target: "flows/sum", idempotencyKey: "" },
    400,
    "invalid_request",
  ],
  [
    "a body over 4 MiB",
    "POST",
    `${E}/runs`,
    { target: "flows/echo", arguments: ["x".repeat(4_200_000)] },
    413,
    "body_too_large",
  ],
  ["a limit of zero", "GET", `${E}/runs?limit=0`, undefined, 400, "invalid_request"],
  ["a limit that is no number", "GET", `${E}/runs?limit=many`, undefined, 400, "invalid_request"],
  ["a status that does not exist", "GET", `${E}/runs?status=happy`, undefined, 400, "invalid_request"],
  ["a cursor that is none", "GET", `${E}/runs?cursor=%00`, undefined, 400, "invalid_request"],
  ["an unknown run", "GET", `${E}/runs/Rbcdfgh`, undefined, 404, "run_not_found"],
  ["a run id that is none", "GET", `${E}/runs/x`, undefined, 404, "run_not_found"],
  ["the result of an unknown run", "GET", `${E}/runs/Rbcdfgh/result`, undefined, 404, "run_not_found"],
  ["a wait over the limit", "GET", `${E}/runs/Rbcdfgh/result?waitMs=60001`, undefined, 400, "invalid_request"],
  ["cancelling an unknown run", "POST", `${E}/runs/Rbcdfgh/cancel`, undefined, 404, "run_not_found"],
  [
    "cancelling an unknown execution",
    "POST",
    `${E}/executions/Rbcdfgh:1:1/cancel`,
    undefined,
    404,
    "execution_not_found",
  ],
  ["re-running an unknown step", "POST", `${E}/steps/Rbcdfgh:1/rerun`, undefined, 404, "step_not_found"],
  ["logs of an unknown run", "GET", `${E}/runs/Rbcdfgh/logs`, undefined, 404, "run_not_found"],
  ["logs of a step that is none", "GET", `${E}/runs/Rbcdfgh/logs?step=two`, undefined, 400, "invalid_request"],
  ["logs of a level that is none", "GET", `${E}/runs/Rbcdfgh/logs?level=loud`, undefined, 400, "invalid_request"],
  ["logs after what is no cursor", "GET", `${E}/runs/Rbcdfgh/logs?after=%00`, undefined, 400, "invalid_request"],
  ["more logs than a page has", "GET", `${E}/runs/Rbcdfgh/logs?limit=1001`, undefined, 400, "invalid_request"],
  ...["restart", "pause", "resume", "archive"].map((word): [string, string, string, undefined, number, string] => [
    `the ${word} of an unknown environment`,
    "POST",
    `${environmentPath("nowhere")}/${word}`,
    undefined,
    404,
    "environment_not_found",
  ]),
  ["deleting an unknown environment", "DELETE", environmentPath("nowhere"), undefined, 404, "environment_not_found"],
  ["deleting an environment that is not archived", "DELETE", E, undefined, 409, "environment_not_archived"],
  ["a blob that is not there", "GET", `${E}/blobs/${"0".repeat(64)}`, undefined, 404, "blob_not_found"],
  ["a blob key that climbs", "GET", `${E}/blobs/..%2F..%2Fregistry.db`, undefined, 404, "blob_not_found"],
  ["deleting the unknown", "DELETE", "/api/projects/nowhere", undefined, 404, "project_not_found"],
])("%s is refused with its status and its code", async (_what, method, path, body, status, code) => {
  const answer = await server.api<{ error: { code: string; message: string } }>(method, path, body);
  expect([answer.status, answer.body?.error?.code]).toEqual([status, code]);
  expect(answer.body.error.message.length).toBeGreaterThan(10);
});

test.each<[string, string, string, unknown, object]>([
  ["a limit", "GET", `${E}/runs?limit=0`, undefined, { field: "limit" }],
  ["a cursor", "GET", `${E}/runs?cursor=x`, undefined, { field: "cursor" }],
  ["where logs begin", "GET", `${E}/runs/Rbcdfgh/logs?after=zz`, undefined, { field: "after" }],
  ["a task for a workflow", "POST", `${E}/runs`, { target: "flows/add", arguments: [1] }, { field: "target" }],
  [
    "too few arguments",
    "POST",
    `${E}/runs`,
    { target: "flows/sum", arguments: [1] },
    { missing: ["b"], pointers: ["/arguments/1"] },
  ],
  [
    "too many arguments",
    "POST",
    `${E}/runs`,
    { target: "flows/sum", arguments: [1, 2, 3, 4] },
    { limit: 2, pointers: ["/arguments/2", "/arguments/3"] },
  ],
])("%s that is wrong is named", async (_what, method, path, body, details) => {
  const answer = await server.api<{ error: { details: unknown } }>(method, path, body);
  expect(answer).toMatchObject({ status: 400, body: { error: { details } } });
});

test("a workflow in JavaScript runs with fewer arguments than it has parameters, one in TypeScript with what it requires", async () => {
  const temporary = await temporaryDirectory();
  const source = (names: string) => `import { workflow } from "coflux";
    export const count = workflow(async function (${names}) { return arguments.length; });`;
  await writeFile(`${temporary.path}/plain.js`, source("a, b"));
  await writeFile(`${temporary.path}/typed.ts`, source("id: number, more?: number"));
  const hosted = await startAgent(server, {
    repositories: [`plain=${temporary.path}/plain.js`, `typed=${temporary.path}/typed.ts`],
  });
  const submit = (target: string, values: unknown[]) =>
    server.api<{ runId: string }>("POST", `${E}/runs`, { target, arguments: values });
  const results = await Promise.all(
    [submit("plain/count", []), submit("plain/count", [1]), submit("typed/count", [1])].map(async (submitted) =>
      resultOf(server, (await submitted).body.runId),
    ),
  );
  expect(results).toMatchObject([{ value: 0 }, { value: 1 }, { value: 1 }]);
  expect((await submit("typed/count", [])).body).toMatchObject({
    error: { code: "invalid_arguments", message: "typed/count needs id: 0 arguments were given" },
  });
  await hosted.stop();
  await temporary.remove();
});

test("a blob is kept under its hash, and under no other", async () => {
  const bytes = Buffer.from("some bytes");
  const key = createHash("sha256").update(bytes).digest("hex");
  const put = (name: string) => fetch(`${server.url}${E}/blobs/${name}`, { method: "PUT", body: bytes });
  expect((await put(key)).status).toBe(204);
  expect((await put(key)).status).toBe(204);
  expect((await put("0".repeat(64))).status).toBe(400);
  expect((await put("nonsense")).status).toBe(400);
  const got = await fetch(`${server.url}${E}/blobs/${key}`);
  expect(Buffer.from(await got.arrayBuffer())).toEqual(bytes);
  expect((await fetch(`${server.url}${E}/blobs/${key}`, { method: "HEAD" })).status).toBe(200);
});

test.each([
  ["a foreign Origin on a write", { origin: "https://evil.example" }, "POST", 403],
  ["a foreign Host", { host: "evil.example" }, "GET", 403],
  ["the own Host", {}, "GET", 200],
])("%s is answered with %d", async (_what, headers, method, status) => {
  const { hostname, port } = new URL(server.url);
  const got = await new Promise<number | undefined>((resolve, reject) => {
    const sent = request(
      { hostname, port, method, path: "/api/projects", headers: { "content-type": "application/json", ...headers } },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    sent.on("error", reject);
    sent.end(method === "POST" ? '{"id":"other"}' : undefined);
  });
  expect(got).toBe(status);
});

test("rich values come back in the tagged form, plain JSON as it is", async () => {
  const value = { plain: [1, "two", null, { three: true }], rich: { $: "date", v: "2026-01-31T12:00:00.000Z" } };
  const escaped = { $: "object", v: { $: "text" } };
  expect(await resultOf(server, await startRun(server, "echo", [{ ...value, escaped }]))).toMatchObject({
    value: { ...value, escaped },
  });
});

test.each([
  ["from a foreign page", `/agent?project=default&environment=development`, { origin: "http://evil.example" }, 403],
  ["of an agent that names no environment", "/agent?project=default", {}, 400],
  ["of an agent of an unknown environment", "/agent?project=default&environment=nowhere", {}, 404],
  ["for the views of an unknown environment", `${environmentPath("nowhere")}/topics`, {}, 404],
  ["where there is none", "/api/projects", {}, 404],
])("a WebSocket %s is refused", async (_what, path, headers, status) => {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}${path}`, ["coflux.agent.v1"], { headers });
  socket.on("error", () => undefined);
  const [, response] = await once(socket, "unexpected-response");
  expect(response.statusCode).toBe(status);
  socket.terminate();
});
