import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeValue } from "../../src/protocol/value-format/encode.ts";
import { type TestServer, resultOf, startAgent, startRun, startServer, viewOf } from "../support/server.ts";
import { plainValue } from "../protocol/value-format/arbitrary-value.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await startAgent(server);
});

afterAll(() => server?.remove());

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
