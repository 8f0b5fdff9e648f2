import { createHash } from "node:crypto";
import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { E, type GatewayRig, startGatewayRig } from "../../support/gateway-rig.ts";
import { eventually } from "../../support/eventually.ts";
import { ok } from "../../../src/base/result.ts";
import { routes } from "../../../src/protocol/http-api.ts";

// Whatever is sent, the answer is in the form of the API's errors, and it is the sender's fault.

let rig: GatewayRig;

beforeAll(async () => {
  rig = await startGatewayRig();
  rig.orchestrator.answer("start-run", () =>
    ok({ runId: "Rbcdfgh", stepId: "Rbcdfgh:1", executionId: "Rbcdfgh:1:1", isNew: true }),
  );
});
afterAll(() => rig.close());
afterEach(() => expect(rig.complaints).toEqual([]));

const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
const long = "x".repeat(10_000);
const run = `${E}/runs/Rbcdfgh`;

test.each<[string, string, string, unknown, number, string, string?]>([
  ["an unknown path", "GET", "/api/nothing", undefined, 404, "not_found"],
  ["a path above the root", "GET", "/../../etc/passwd", undefined, 404, "not_found"],
  ["an encoded path above the root", "GET", "/%2e%2e/%2e%2e/etc/passwd", undefined, 404, "not_found"],
  ["a slash too many", "GET", "/api//projects", undefined, 404, "not_found"],
  ["a slash at the end", "GET", "/api/projects/", undefined, 404, "not_found"],
  ["a path of ten thousand characters", "GET", `/api/${long}`, undefined, 404, "not_found"],
  ["malformed percent-encoding", "GET", "/api/projects/%E0%A4%A/environments", undefined, 400, "invalid_request"],
  ["a lone percent sign", "GET", "/api/projects/%", undefined, 400, "invalid_request"],
  ["malformed percent-encoding in the query", "GET", `${E}/runs?cursor=%zz`, undefined, 400, "invalid_request"],
  ["a wrong method", "PUT", `${E}/runs`, undefined, 405, "method_not_allowed"],
  ["a method on nothing", "DELETE", "/", undefined, 405, "method_not_allowed"],
  ["the path of agents without an upgrade", "GET", "/agent?project=a&environment=b", undefined, 400, "invalid_request"],
  ["the path of topics without an upgrade", "GET", `${E}/topics`, undefined, 400, "invalid_request"],

  ["a project that cannot be", "GET", "/api/projects/No%20Such/environments", undefined, 404, "project_not_found"],
  ["a project called __proto__", "GET", "/api/projects/__proto__", undefined, 404, "project_not_found"],
  ["a project with a NUL", "GET", "/api/projects/a%00b", undefined, 404, "project_not_found"],
  ["an unknown project", "GET", "/api/projects/nowhere/environments", undefined, 404, "project_not_found"],
  [
    "an unknown environment",
    "GET",
    "/api/projects/default/environments/nowhere/runs",
    undefined,
    404,
    "environment_not_found",
  ],
  [
    "an environment that climbs",
    "GET",
    "/api/projects/default/environments/..%2F..%2Fup/runs",
    undefined,
    404,
    "environment_not_found",
  ],
  [
    "an environment of 200 characters",
    "GET",
    `/api/projects/default/environments/${"e".repeat(200)}`,
    undefined,
    404,
    "environment_not_found",
  ],
  ["a run id that is none", "GET", `${E}/runs/x`, undefined, 404, "run_not_found"],
  ["a run id with a newline", "GET", `${E}/runs/Rbcdfgh%0A`, undefined, 404, "run_not_found"],
  ["a step id that is none", "POST", `${E}/steps/Rbcdfgh:0/rerun`, undefined, 404, "step_not_found"],
  [
    "an execution id that is none",
    "POST",
    `${E}/executions/Rbcdfgh:1:99999999999/cancel`,
    undefined,
    404,
    "execution_not_found",
  ],
  ["a session id that is none", "POST", `${E}/agents/${long}/drain`, undefined, 404, "session_not_found"],
  ["a blob key that climbs", "GET", `${E}/blobs/..%2F..%2Fregistry.db`, undefined, 404, "blob_not_found"],
  ["a blob key in capitals", "GET", `${E}/blobs/${"A".repeat(64)}`, undefined, 404, "blob_not_found"],
  ["a blob under no key", "PUT", `${E}/blobs/nonsense`, "x", 400, "invalid_key"],
  ["a blob of another key", "PUT", `${E}/blobs/${"0".repeat(64)}`, "x", 400, "hash_mismatch"],

  ["an unknown parameter", "GET", `${E}/runs?limt=5`, undefined, 400, "invalid_request", "limt"],
  ["a parameter where none is taken", "GET", "/api/version?x=1", undefined, 400, "invalid_request", "x"],
  ["a parameter called __proto__", "GET", `${E}/runs?__proto__=1`, undefined, 400, "invalid_request", "__proto__"],
  ["a parameter given twice", "GET", `${E}/runs?limit=1&limit=2`, undefined, 400, "invalid_request", "limit"],
  ["a limit of zero", "GET", `${E}/runs?limit=0`, undefined, 400, "invalid_request", "limit"],
  ["a limit beyond the limit", "GET", `${E}/runs?limit=1001`, undefined, 400, "invalid_request", "limit"],
  ["a limit in hexadecimal", "GET", `${E}/runs?limit=0x10`, undefined, 400, "invalid_request", "limit"],
  ["a limit with an exponent", "GET", `${E}/runs?limit=1e2`, undefined, 400, "invalid_request", "limit"],
  ["a limit of forty digits", "GET", `${E}/runs?limit=${"9".repeat(40)}`, undefined, 400, "invalid_request", "limit"],
  ["an empty limit", "GET", `${E}/runs?limit=`, undefined, 400, "invalid_request", "limit"],
  ["a status that does not exist", "GET", `${E}/runs?status=happy`, undefined, 400, "invalid_request", "status"],
  ["a cursor with a NUL", "GET", `${E}/runs?cursor=%00`, undefined, 400, "invalid_request", "cursor"],
  [
    "a cursor that is too long",
    "GET",
    `${E}/runs?cursor=${"c".repeat(101)}`,
    undefined,
    400,
    "invalid_request",
    "cursor",
  ],
  ["a negative wait", "GET", `${run}/result?waitMs=-1`, undefined, 400, "invalid_request", "waitMs"],
  ["a wait over the limit", "GET", `${run}/result?waitMs=60001`, undefined, 400, "invalid_request", "waitMs"],
  ["logs of a step that is none", "GET", `${run}/logs?step=two`, undefined, 400, "invalid_request", "step"],
  ["logs of a step of another run", "GET", `${run}/logs?step=Rzzzzzz:1`, undefined, 400, "invalid_request", "step"],
  ["logs of a level that does not exist", "GET", `${run}/logs?level=loud`, undefined, 400, "invalid_request", "level"],

  [
    "a number that would be changed",
    "POST",
    `${E}/runs`,
    '{"target":"a/b","arguments":[{"id":12345678901234567890}]}',
    400,
    "invalid_value",
    "arguments[0].id",
  ],
  ["no body", "POST", `${E}/runs`, undefined, 415, "unsupported_media_type"],
  ["an empty body", "POST", `${E}/runs`, "", 400, "invalid_json"],
  ["no JSON", "POST", `${E}/runs`, "{nonsense", 400, "invalid_json"],
  ["JSON and more", "POST", `${E}/runs`, "{} {}", 400, "invalid_json"],
  ["a list for a body", "POST", `${E}/runs`, [1], 400, "invalid_request", "the body"],
  ["null for a body", "POST", `${E}/runs`, "null", 400, "invalid_request", "the body"],
  ["a body nested a hundred thousand levels", "POST", `${E}/runs`, deep(100_000), 400, "too_deep"],
  ["an argument of 65 levels", "POST", `${E}/runs`, `{"target":"a/b","arguments":[${deep(65)}]}`, 400, "too_deep"],
  ["an unclosed body of two million levels", "POST", `${E}/runs`, "[".repeat(2_000_000), 400, "too_deep"],
  [
    "a body over 4 MiB",
    "POST",
    `${E}/runs`,
    { target: "a/b", arguments: ["x".repeat(4_200_000)] },
    413,
    "body_too_large",
  ],
  ["no target", "POST", `${E}/runs`, {}, 400, "invalid_request", "target"],
  ["a target that is a number", "POST", `${E}/runs`, { target: 1 }, 400, "invalid_request", "target"],
  ["a target that is no path", "POST", `${E}/runs`, { target: "flows" }, 400, "invalid_request", "target"],
  ["a target that climbs", "POST", `${E}/runs`, { target: "../flows/x" }, 400, "invalid_request", "target"],
  ["a target with a NUL", "POST", `${E}/runs`, { target: "flows/\0" }, 400, "invalid_request", "target"],
  [
    "a target of ten thousand characters",
    "POST",
    `${E}/runs`,
    { target: `a/${long}` },
    400,
    "invalid_request",
    "target",
  ],
  ["a member nobody knows", "POST", `${E}/runs`, { target: "a/b", argument: [] }, 400, "invalid_request", "argument"],
  [
    "a member called __proto__",
    "POST",
    `${E}/runs`,
    '{"target":"a/b","__proto__":{}}',
    400,
    "invalid_request",
    "__proto__",
  ],
  [
    "arguments that are no list",
    "POST",
    `${E}/runs`,
    { target: "a/b", arguments: 1 },
    400,
    "invalid_request",
    "arguments",
  ],
  [
    "65 arguments",
    "POST",
    `${E}/runs`,
    { target: "a/b", arguments: Array(65).fill(1) },
    400,
    "invalid_request",
    "arguments",
  ],
  ["params that are a list", "POST", `${E}/runs`, { target: "a/b", params: [] }, 400, "invalid_request", "params"],
  [
    "an unknown tag",
    "POST",
    `${E}/runs`,
    { target: "a/b", arguments: [{ $: "nonsense", v: 1 }] },
    400,
    "invalid_value",
    "arguments[0]",
  ],
  [
    "a number that overflows",
    "POST",
    `${E}/runs`,
    '{"target":"a/b","arguments":[1e999]}',
    400,
    "invalid_value",
    "arguments[0]",
  ],
  ["a negative delay", "POST", `${E}/runs`, { target: "a/b", delayMs: -1 }, 400, "invalid_request", "delayMs"],
  [
    "a delay of a million years",
    "POST",
    `${E}/runs`,
    { target: "a/b", delayMs: 3e16 },
    400,
    "invalid_request",
    "delayMs",
  ],
  ["half a millisecond", "POST", `${E}/runs`, { target: "a/b", delayMs: 0.5 }, 400, "invalid_request", "delayMs"],
  ["a timeout of zero", "POST", `${E}/runs`, { target: "a/b", timeoutMs: 0 }, 400, "invalid_request", "timeoutMs"],
  [
    "a priority that is text",
    "POST",
    `${E}/runs`,
    { target: "a/b", priority: "high" },
    400,
    "invalid_request",
    "priority",
  ],
  ["retries that are true", "POST", `${E}/runs`, { target: "a/b", retries: true }, 400, "invalid_request", "retries"],
  ["retries without a limit", "POST", `${E}/runs`, { target: "a/b", retries: {} }, 400, "invalid_request", "retries"],
  [
    "an isolation nobody knows",
    "POST",
    `${E}/runs`,
    { target: "a/b", isolation: "vm" },
    400,
    "invalid_request",
    "isolation",
  ],
  [
    "an empty idempotency key",
    "POST",
    `${E}/runs`,
    { target: "a/b", idempotencyKey: "" },
    400,
    "invalid_request",
    "idempotencyKey",
  ],
  ["a project name in capitals", "POST", "/api/projects", { id: "Shop" }, 400, "invalid_name", "id"],
  ["a project without a name", "POST", "/api/projects", {}, 400, "invalid_request", "id"],
  ["a project name that is a list", "POST", "/api/projects", { id: ["a"] }, 400, "invalid_request", "id"],
  [
    "an environment name that climbs",
    "POST",
    "/api/projects/default/environments",
    { name: "../up" },
    400,
    "invalid_name",
    "name",
  ],
  [
    "a base that cannot be",
    "POST",
    "/api/projects/default/environments",
    { name: "a", base: "B" },
    400,
    "invalid_name",
    "base",
  ],
])("%s is refused with its status and its code", async (_what, method, path, body, status, code, field) => {
  const answer = await rig.call(method, path, body);
  expect(answer).toMatchObject({ status, body: { error: { code } } });
  if (field !== undefined) expect(answer).toMatchObject({ body: { error: { details: { field } } } });
});

test.each<[string, Record<string, string>, string, number, string]>([
  ["text", { "content-type": "text/plain" }, "{}", 415, "unsupported_media_type"],
  ["a form", { "content-type": "application/x-www-form-urlencoded" }, "{}", 415, "unsupported_media_type"],
  ["JSON by a longer name", { "content-type": "application/jsonp" }, "{}", 415, "unsupported_media_type"],
  [
    "JSON in another encoding",
    { "content-type": "application/json; charset=utf-16" },
    "{}",
    415,
    "unsupported_media_type",
  ],
  [
    "compressed JSON",
    { "content-type": "application/json", "content-encoding": "gzip" },
    "{}",
    415,
    "unsupported_media_type",
  ],
  ["JSON in UTF-8", { "content-type": "application/json; charset=UTF-8" }, '{"target":"a/b"}', 201, ""],
  [
    "a key of 256 characters",
    { "idempotency-key": "k".repeat(256), "content-type": "application/json" },
    '{"target":"a/b"}',
    400,
    "invalid_request",
  ],
  ["an own Origin", { origin: "http://HOST", "content-type": "application/json" }, '{"target":"a/b"}', 201, ""],
  [
    "a foreign Origin",
    { origin: "http://evil.example", "content-type": "application/json" },
    '{"target":"a/b"}',
    403,
    "forbidden_origin",
  ],
  [
    "the Origin null",
    { origin: "null", "content-type": "application/json" },
    '{"target":"a/b"}',
    403,
    "forbidden_origin",
  ],
  [
    "another port for an Origin",
    { origin: "http://127.0.0.1:1", "content-type": "application/json" },
    '{"target":"a/b"}',
    403,
    "forbidden_origin",
  ],
])("a run posted with %s is answered with its status", async (_what, headers, body, status, code) => {
  const sent = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replace("HOST", `127.0.0.1:${rig.port}`)]),
  );
  const answer = await rig.call("POST", `${E}/runs`, body, sent);
  expect(answer.status).toBe(status);
  if (code !== "") expect(answer.body).toMatchObject({ error: { code } });
});

test("an argument of 64 levels is taken", async () => {
  expect(await rig.call("POST", `${E}/runs`, `{"target":"a/b","arguments":[${deep(64)}]}`)).toMatchObject({
    status: 201,
  });
});

test("a method that is not allowed names those that are", async () => {
  const answer = await rig.call("DELETE", `${E}/runs`);
  expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST, GET, HEAD"]);
});

test("no route answers 500 to the methods and names of all the others", async () => {
  const paths = new Set(Object.values(routes).map(({ path }) => path));
  for (const path of paths) {
    for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      for (const filled of [
        path,
        path.replaceAll(/:\w+/g, "%F0%9F%92%A5"),
        path.replaceAll(/:\w+/g, "x".repeat(500)),
      ]) {
        const answer = await rig.call(method, filled, method === "POST" ? "[" : undefined);
        expect(answer.status, `${method} ${filled}`).toBeLessThan(500);
      }
    }
  }
});

/** Sends bytes as they are and gives back everything that comes. */
async function raw(bytes: string | Buffer): Promise<string> {
  const socket = connect(rig.port, "127.0.0.1");
  socket.write(bytes);
  return text(socket);
}

const host = (): string => `Host: 127.0.0.1:${rig.port}\r\nConnection: close\r\n`;

test.each<[string, () => string | Buffer, number, string]>([
  ["what is not HTTP", () => "hello\r\n\r\n", 400, "invalid_request"],
  ["binary noise", () => Buffer.from([0, 255, 1, 254, 13, 10, 13, 10]), 400, "invalid_request"],
  ["a method that is none", () => `FOO / HTTP/1.1\r\n${host()}\r\n`, 400, "invalid_request"],
  ["no Host", () => "GET /api/projects HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "invalid_request"],
  ["the wish for a tunnel", () => `CONNECT example.com:80 HTTP/1.1\r\n${host()}\r\n`, 400, "invalid_request"],
  [
    "a head of twenty kilobytes",
    () => `GET / HTTP/1.1\r\n${host()}X: ${"x".repeat(20_000)}\r\n\r\n`,
    400,
    "invalid_request",
  ],
  [
    "a foreign Host",
    () => "GET /api/projects HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    403,
    "forbidden_host",
  ],
  [
    "a Host that is none",
    () => "GET /api/projects HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n",
    400,
    "invalid_request",
  ],
  [
    "a foreign host in the request line",
    () => `GET http://evil.example/api/projects HTTP/1.1\r\n${host()}\r\n`,
    403,
    "forbidden_host",
  ],
  ["a backslash in the path", () => `GET /api\\projects HTTP/1.1\r\n${host()}\r\n`, 400, "invalid_request"],
  [
    "two lengths",
    () => `POST ${E}/runs HTTP/1.1\r\n${host()}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
    400,
    "invalid_request",
  ],
  [
    "a length and chunks",
    () => `POST ${E}/runs HTTP/1.1\r\n${host()}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
    "invalid_request",
  ],
  [
    "a body that is not UTF-8",
    () =>
      Buffer.concat([
        Buffer.from(`POST ${E}/runs HTTP/1.1\r\n${host()}Content-Type: application/json\r\nContent-Length: 4\r\n\r\n`),
        Buffer.from([0x22, 0xff, 0xfe, 0x22]),
      ]),
    400,
    "invalid_json",
  ],
])("%s is refused in the form of the API", async (_what, bytes, status, code) => {
  const [head = "", body = ""] = (await raw(bytes())).split("\r\n\r\n");
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(JSON.parse(body)).toMatchObject({ error: { code } });
});

test.each([
  ["at once", (socket: Socket, head: string, body: string) => socket.write(head + body)],
  [
    "in pieces",
    (socket: Socket, head: string, body: string) => {
      socket.write(head);
      setImmediate(() => socket.write(body));
    },
  ],
])(
  "an offer of another protocol is ignored, and the request with its body, sent %s, is answered",
  async (_how, send) => {
    const offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n";
    const body = '{"target":"a/b"}';
    const common = `HTTP/1.1\r\nHost: 127.0.0.1:${rig.port}\r\n`;
    const socket = connect(rig.port, "127.0.0.1");
    send(
      socket,
      `POST ${E}/runs ${common}${offer}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
      body,
    );
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 201 /);
    socket.write(`GET /api/version ${common}Connection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1.1 200 [^]*"protocol":1/);
  },
);

test("a chunked body over the limit is refused while it arrives", async () => {
  const socket = connect(rig.port, "127.0.0.1");
  socket.on("error", () => undefined); // The server stops reading at some point.
  socket.write(
    `POST ${E}/runs HTTP/1.1\r\n${host()}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
  );
  const chunk = `100000\r\n${"x".repeat(0x100000)}\r\n`;
  for (let count = 0; count < 5; count++) socket.write(chunk);
  expect(await text(socket)).toMatch(/^HTTP\/1.1 413 [^]*body_too_large/);
});

test("a chunked body within the limit is read", async () => {
  const body = '{"target":"a/b"}';
  const answer = await raw(
    `POST ${E}/runs HTTP/1.1\r\n${host()}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n` +
      `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  );
  expect(answer).toMatch(/^HTTP\/1.1 201 /);
});

test("an upload that is cut short stores nothing", async () => {
  const key = createHash("sha256").update("whole").digest("hex");
  const socket = connect(rig.port, "127.0.0.1");
  socket.write(`PUT ${E}/blobs/${key} HTTP/1.1\r\n${host()}Content-Length: 5\r\n\r\nwh`);
  const uploads = join(rig.dataDirectory, "projects/default/development/blobs/uploads");
  await eventually("the upload", async () => (await readdir(uploads)).length === 1);
  socket.destroy();
  await eventually("its end", async () => (await readdir(uploads)).length === 0);
  expect(await rig.call("GET", `${E}/blobs/${key}`)).toMatchObject({ status: 404 });
});
