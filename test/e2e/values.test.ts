import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient } from "coflux/client";
import { encodeValue } from "../../src/protocol/value-format/encode.ts";
import { coflux } from "../support/coflux.ts";
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
import { plainValue } from "../protocol/value-format/arbitrary-value.ts";

let server: TestServer;
let agent: TestAgent;

beforeAll(async () => {
  server = await startServer();
  agent = await startAgent(server);
});

afterAll(async () => {
  await agent?.stop();
  await server?.remove();
});

/** An argument of the API, and what it must come back as. */
async function throughTheApi(text: string): Promise<void> {
  const run = await startRun(server, "echo", [JSON.parse(text)]);
  expect(JSON.stringify((await resultOf(server, run))["value"])).toBe(text);
  const [root] = (await viewOf(server, run)).steps;
  expect(JSON.stringify(root?.arguments)).toBe(`[${text}]`);
  expect(JSON.stringify(root?.executions[0]?.result)).toBe(`{"status":"succeeded","value":${text}}`);
}

test("any plain value is the same as argument, in a function, as result and in the view of its run", async () => {
  const values = fc.sample(plainValue, { numRuns: 60, seed: 7 });
  const texts = values.map((value) => encodeValue(value).data).filter((text) => text.length < 10_000);
  expect(texts.filter((text) => /\\ud[89a-f]/.test(text)).length).toBeGreaterThan(5); // Lone surrogates.
  for (const text of texts) await throughTheApi(text);
});

test("a lone surrogate in a key and in a text is kept", async () => {
  await throughTheApi(`{"t":"\\ud800x","\\udfff":["\\udc00\\ud800"],"pair":"😀"}`);
});

test("an argument of the client that is larger than a request may be arrives, and so does its result", async () => {
  const client = createClient({ url: server.url });
  const value = { text: "x".repeat(6_000_000), at: new Date(0) };
  const run = await client.submit("flows/echo", [value], { idempotencyKey: "large" });
  expect(await run.result()).toEqual(value);
  expect(await client.submit("flows/echo", [value], { idempotencyKey: "large" })).toMatchObject({ runId: run.runId });
});

test("arguments of the client that are together larger than a request may be arrive", async () => {
  const texts = ["a", "b", "c"].map((letter) => letter.repeat(3_000_000));
  const run = await createClient({ url: server.url }).submit("flows/lengths", [...texts, "small"]);
  expect(await run.result()).toEqual([3_000_000, 3_000_000, 3_000_000, 5]);
});

test("params of the command line that are larger than a request may be arrive", async () => {
  const input = JSON.stringify({ text: "é".repeat(2_500_000) });
  const ended = await coflux(["run", "flows/echo", "--params", "-", "--url", server.url], { input });
  expect([ended.code, ended.stdout.trim() === input]).toEqual([0, true]);
});

test("a blob whose text is no value fails the run that takes it, and names the argument", async () => {
  const text = "not a value";
  const key = createHash("sha256").update(text).digest("hex");
  const stored = await fetch(`${server.url}${environmentPath()}/blobs/${key}`, { method: "PUT", body: text });
  expect(stored.status).toBe(204);
  const run = await startRun(server, "echo", [{ $: "blob", v: { key, size: text.length } }]);
  expect(await resultOf(server, run)).toMatchObject({
    status: "failed",
    error: { type: "SerializationError", message: "args[0] is not JSON text" },
  });
});
