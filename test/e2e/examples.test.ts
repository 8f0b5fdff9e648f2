import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { coflux } from "../support/coflux.ts";
import { type TestAgent, type TestServer, startAgent, startServer } from "../support/server.ts";

let server: TestServer;
let agent: TestAgent;

beforeAll(async () => {
  server = await startServer();
  agent = await startAgent(server, {
    repositories: ["examples/hello/flows.ts", "examples/retries/flows.ts", "examples/dependency-audit/audit.ts"],
  });
});

afterAll(async () => {
  await agent?.stop();
  await server?.remove();
});

const run = async (...words: string[]): Promise<{ code: number | null; value: unknown }> => {
  const { code, stdout } = await coflux(["run", ...words, "--url", server.url]);
  return { code, value: stdout === "" ? undefined : JSON.parse(stdout) };
};

test("examples/hello greets", async () => {
  expect(await run("examples/hello/flows/greet", "Ada", "20")).toEqual({ code: 0, value: "Good evening, Ada!" });
});

test("examples/retries waits the service out, and gives up at once where its author says so", async () => {
  expect(await run("examples/retries/flows/order", "500")).toEqual({ code: 0, value: { attempts: 3, charged: 500 } });
  expect(await run("examples/retries/flows/order", "20000")).toEqual({ code: 10, value: undefined });
});

/** As the command line prints it: a Map travels with its tag. */
const summary = z.object({
  packages: z.number(),
  licences: z.object({ $: z.literal("map"), v: z.array(z.tuple([z.string(), z.number()])) }),
  largest: z.array(z.unknown()),
});

test("examples/dependency-audit reads the packages that are installed", async () => {
  const { code, value } = await run("examples/dependency-audit/audit/audit", "node_modules");
  expect(code).toBe(0);
  const { packages, licences, largest } = summary.parse(value);
  expect(packages).toBeGreaterThanOrEqual(100);
  expect(licences.v.reduce((sum, [, number]) => sum + number, 0)).toBe(packages);
  expect(largest).toContainEqual(
    expect.objectContaining({ name: "better-sqlite3", declared: "MIT", found: "MIT", findings: [] }),
  );
});
