import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { E, type GatewayRig, startGatewayRig } from "../../support/gateway-rig.ts";
import { failure, ok } from "../../../src/base/result.ts";

let rig: GatewayRig;

beforeAll(async () => {
  rig = await startGatewayRig();
});
afterAll(() => rig.close());

const ids = { runId: "Rbcdfgh", stepId: "Rbcdfgh:1", executionId: "Rbcdfgh:1:1" };

/** What the orchestrator is asked when this body is posted. */
async function started(body: unknown, headers: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const since = rig.orchestrator.heard.length;
  rig.orchestrator.answer("start-run", () => ok({ ...ids, isNew: true }));
  const answer = await rig.call("POST", `${E}/runs`, body, headers);
  expect(answer).toMatchObject({ status: 201, body: ids });
  return (await rig.orchestrator.hears("request", ({ name }) => name === "start-run", since)).params;
}

test("a run is started with its arguments in the value format", async () => {
  const params = await started({
    target: "flows/orders/checkout",
    arguments: [1, { a: [true] }, { $: "date", v: "2024-01-01T00:00:00.000Z" }],
  });
  expect(params).toEqual({
    target: "flows/orders/checkout",
    arguments: [
      { kind: "inline", data: "1", references: [] },
      { kind: "inline", data: '{"a":[true]}', references: [] },
      { kind: "inline", data: '{"$":"date","v":"2024-01-01T00:00:00.000Z"}', references: [] },
    ],
    options: null,
    idempotencyKey: null,
  });
});

test("params is the one argument of the workflow", async () => {
  const params = await started({ target: "flows/greet", params: { name: "Joe" } });
  expect(params["arguments"]).toEqual([{ kind: "inline", data: '{"name":"Joe"}', references: [] }]);
});

test("arguments and params together are refused", async () => {
  const answer = await rig.call("POST", `${E}/runs`, { target: "flows/greet", params: {}, arguments: [] });
  expect(answer).toMatchObject({
    status: 400,
    body: { error: { code: "invalid_request", details: { field: "params" } } },
  });
});

test("what the client overrides travels as options", async () => {
  const params = await started({
    target: "flows/greet",
    delayMs: 500,
    priority: -3,
    timeoutMs: 60_000,
    retries: { limit: null, backoffMinMs: 100 },
    isolation: "process",
  });
  expect(params["options"]).toEqual({
    retries: { limit: null, backoffMinMs: 100, backoffMaxMs: 100 },
    timeoutMs: 60_000,
    delayMs: 500,
    priority: -3,
    isolation: "process",
  });
});

test("a number of retries is a limit without waits", async () => {
  const params = await started({ target: "flows/greet", retries: 3 });
  expect(params["options"]).toMatchObject({ retries: { limit: 3, backoffMinMs: 0, backoffMaxMs: 0 } });
});

test("the idempotency key may stand in the body or in the header", async () => {
  expect(await started({ target: "a/b", idempotencyKey: "k" })).toMatchObject({ idempotencyKey: "k" });
  expect(await started({ target: "a/b" }, { "idempotency-key": "k" })).toMatchObject({ idempotencyKey: "k" });
  expect(await started({ target: "a/b", idempotencyKey: "k" }, { "idempotency-key": "k" })).toMatchObject({
    idempotencyKey: "k",
  });
});

test("two idempotency keys that differ are refused", async () => {
  const answer = await rig.call(
    "POST",
    `${E}/runs`,
    { target: "a/b", idempotencyKey: "k" },
    { "idempotency-key": "l" },
  );
  expect(answer).toMatchObject({ status: 400, body: { error: { details: { field: "Idempotency-Key" } } } });
});

test("a key that was seen before is answered with 200", async () => {
  rig.orchestrator.answer("start-run", () => ok({ ...ids, isNew: false }));
  expect(await rig.call("POST", `${E}/runs`, { target: "a/b", idempotencyKey: "k" })).toMatchObject({
    status: 200,
    body: ids,
  });
});

test("a large argument is a blob before the run is started", async () => {
  const text = "x".repeat(40_000);
  const data = JSON.stringify(text);
  const key = createHash("sha256").update(data).digest("hex");
  const params = await started({ target: "flows/greet", arguments: ["small", text] });
  expect(params["arguments"]).toEqual([
    { kind: "inline", data: '"small"', references: [] },
    { kind: "blob", key, size: data.length, references: [] },
  ]);
  expect(await rig.call("GET", `${E}/blobs/${key}`)).toMatchObject({ status: 200, body: data });
});

describe("an argument that was stored as a blob", () => {
  const data = JSON.stringify("y".repeat(50_000));
  const key = createHash("sha256").update(data).digest("hex");
  const reference = { kind: "execution", id: "Rbcdfgh:1:1", target: "flows/greet" };
  beforeAll(async () => {
    expect(await rig.call("PUT", `${E}/blobs/${key}`, data)).toMatchObject({ status: 204 });
  });

  test("stands for its text, and refers to what it says", async () => {
    const references = [reference];
    const blob = { $: "blob", v: { key, size: data.length } };
    const params = await started({
      target: "flows/greet",
      arguments: [1, blob, { $: "blob", v: { ...blob.v, references } }],
    });
    expect(params["arguments"]).toEqual([
      { kind: "inline", data: "1", references: [] },
      { kind: "blob", key, size: data.length, references: [] },
      { kind: "blob", key, size: data.length, references },
    ]);
  });

  test("is the same as the argument itself", async () => {
    const blob = await started({ target: "a/b", arguments: [{ $: "blob", v: { key, size: data.length } }] });
    expect(blob).toEqual(await started({ target: "a/b", arguments: [JSON.parse(data)] }));
  });

  test("may stand for params", async () => {
    const params = await started({ target: "a/b", params: { $: "blob", v: { key, size: data.length } } });
    expect(params["arguments"]).toEqual([{ kind: "blob", key, size: data.length, references: [] }]);
  });

  const unknown = "0".repeat(64);
  test.each([
    [
      "arguments[1]",
      { arguments: [1, blobOf(unknown, 9)] },
      `there is no blob "${unknown}" in this environment: store it`,
    ],
    ["arguments[0]", { arguments: [blobOf(key, 9)] }, `the blob "${key}" has ${data.length} bytes, not 9`],
    ["arguments[0]", { arguments: [blobOf("../secret", 9)] }, "value is a blob but not of the form"],
    ["arguments[0]", { arguments: [[blobOf(key, data.length)]] }, "value[0] is a blob"],
    ["params", { params: blobOf(unknown, 9) }, "there is no blob"],
  ])("is refused where it is not what is there: %s of %j", async (field, body, message) => {
    const answer = await rig.call("POST", `${E}/runs`, { target: "a/b", ...body });
    const error = {
      code: "invalid_value",
      message: expect.stringContaining(`${field}: ${message}`),
      details: { field },
    };
    expect(answer).toMatchObject({ status: 400, body: { error } });
  });
});

function blobOf(key: string, size: number): unknown {
  return { $: "blob", v: { key, size } };
}

test("many arguments that are not large travel as blobs from where they would fill a frame", async () => {
  const texts = Array.from({ length: 12 }, (_, index) => `${index}`.repeat(30_000).slice(0, 30_000));
  const params = await started({ target: "flows/greet", arguments: texts });
  const kinds = (params["arguments"] as { kind: string }[]).map(({ kind }) => kind);
  expect(kinds).toEqual([...Array<string>(8).fill("inline"), ...Array<string>(4).fill("blob")]);
});

test("a failure of the orchestrator is answered with its status, code and details", async () => {
  rig.orchestrator.answer("start-run", () =>
    failure({ code: "target_not_found", message: "No agent has declared a/b.", details: { target: "a/b" } }),
  );
  expect(await rig.call("POST", `${E}/runs`, { target: "a/b" })).toMatchObject({
    status: 404,
    body: { error: { code: "target_not_found", message: "No agent has declared a/b.", details: { target: "a/b" } } },
  });
});

test("runs are listed with the filters of the query", async () => {
  const since = rig.orchestrator.heard.length;
  rig.orchestrator.answer("list-runs", () => ok({ runs: [], cursor: null }));
  const answer = await rig.call("GET", `${E}/runs?status=running&target=a%2Fb&limit=7&cursor=c1`);
  expect(answer).toMatchObject({ status: 200, body: { runs: [], cursor: null } });
  const { params } = await rig.orchestrator.hears("request", ({ name }) => name === "list-runs", since);
  expect(params).toEqual({ status: "running", target: "a/b", limit: 7, cursor: "c1" });
});

test("a result that is waited for is forgotten when the client hangs up", async () => {
  const since = rig.orchestrator.heard.length;
  rig.orchestrator.answer("get-result", () => new Promise(() => undefined));
  const hangUp = new AbortController();
  const call = fetch(`${rig.url}${E}/runs/Rbcdfgh/result?waitMs=60000`, { signal: hangUp.signal });
  const { id, params } = await rig.orchestrator.hears("request", ({ name }) => name === "get-result", since);
  expect(params).toEqual({ run: "Rbcdfgh", waitMs: 60_000 });
  hangUp.abort();
  await expect(call).rejects.toThrow("aborted");
  await rig.orchestrator.hears("forget", (heard) => heard.id === id, since);
});

test.each([
  ["POST", `${E}/runs/Rbcdfgh/cancel`, "cancel-run", { run: "Rbcdfgh" }],
  ["POST", `${E}/executions/Rbcdfgh:2:1/cancel`, "cancel-execution", { execution: "Rbcdfgh:2:1" }],
  ["POST", `${E}/agents/Sbcdfghbcdfgh/drain`, "drain-agent", { session: "Sbcdfghbcdfgh" }],
  ["POST", `${E}/pause`, "pause", {}],
  ["POST", `${E}/resume`, "resume", {}],
] as const)("%s %s asks for %s and answers 204", async (method, path, name, params) => {
  const since = rig.orchestrator.heard.length;
  const answer = await rig.call(method, path);
  expect([answer.status, answer.body]).toEqual([204, ""]);
  expect(await rig.orchestrator.hears("request", (heard) => heard.name === name, since)).toMatchObject({ params });
});

test("a step that is run again answers 201 with the new attempt", async () => {
  rig.orchestrator.answer("rerun-step", () => ok({ executionId: "Rbcdfgh:1:2", attempt: 2 }));
  expect(await rig.call("POST", `${E}/steps/Rbcdfgh:1/rerun`)).toMatchObject({
    status: 201,
    body: { executionId: "Rbcdfgh:1:2", attempt: 2 },
  });
});

test("HEAD answers like GET, without a body", async () => {
  rig.orchestrator.answer("list-agents", () => ok({ agents: [] }));
  const response = await fetch(`${rig.url}${E}/agents`, { method: "HEAD" });
  expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
    200,
    "application/json",
    "",
  ]);
});
