import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { LogsView } from "../../src/protocol/views.ts";
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
import { temporaryDirectory } from "../support/temporary.ts";

let server: TestServer;
let agent: TestAgent;
let temporary: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeAll(async () => {
  temporary = await temporaryDirectory();
  server = await startServer();
  agent = await startAgent(server, { flags: ["--executors", "1"] });
});

afterAll(async () => {
  await agent?.stop();
  await server?.remove();
  await temporary?.remove();
});

/** What `surroundings` gives. */
interface Surroundings {
  readonly pid: number;
  readonly execution: string;
  readonly directory: string;
  readonly files: readonly string[];
}

async function linesOf(run: string): Promise<readonly string[]> {
  const { body } = await server.api<LogsView>("GET", `${environmentPath()}/runs/${run}/logs`);
  return body.logs.map(({ template }) => template);
}

test("executions that run at once in one process have each a context, a temporary directory and a log of their own", async () => {
  const gate = `${temporary.path}/gate`;
  const runs = await Promise.all(Array.from({ length: 5 }, () => startRun(server, "surroundings", [gate])));
  const executions = runs.map((run) => `${run}:1:1`);
  await eventually("all have started", async () => {
    const started = await readFile(`${gate}.started`, "utf8");
    return executions.every((execution) => started.includes(`${execution}\n`));
  });
  await writeFile(gate, "");
  const results = await Promise.all(runs.map((run) => resultOf(server, run)));
  const found = results.map(({ value }) => value as Surroundings); // As the flow returns them.

  expect(new Set(found.map(({ pid }) => pid)).size).toBe(1);
  expect(new Set(found.map(({ directory }) => directory)).size).toBe(runs.length);
  expect(found.map(({ execution, files }) => ({ execution, files }))).toEqual(
    executions.map((execution) => ({ execution, files: [execution] })),
  );
  await eventually("the directories are removed", async () => !found.some(({ directory }) => existsSync(directory)));
  for (const [index, run] of runs.entries()) {
    const lines = await eventually("both lines arrived", async () => {
      const lines = await linesOf(run);
      return lines.length === 2 && lines;
    });
    expect(lines).toEqual([`before: ${executions[index]}`, `after: ${executions[index]}`]);
  }
});

test("an executor that runs out of heap abandons what ran in it, with the reason, and another takes its place", async () => {
  const small = await startAgent(server, {
    repositories: ["small=test/e2e/flows.ts"],
    flags: ["--executors", "1"],
    environmentVariables: { NODE_OPTIONS: "--max-old-space-size=48" },
  });
  onTestFinished(() => small.stop());
  const start = async (target: string, values: readonly unknown[] = []): Promise<string> => {
    const call = { target: `small/${target}`, arguments: values };
    return (await server.api<{ runId: string }>("POST", `${environmentPath()}/runs`, call)).body.runId;
  };
  const run = await start("exhausting");
  await resultOf(server, run);
  const results = (await viewOf(server, run)).steps.map(({ executions }) => executions.map(({ result }) => result));
  const abandoned = { status: "abandoned", reason: expect.stringMatching(/^its executor .*\n.*heap out of memory/) };
  expect(results).toEqual([[abandoned], [abandoned]]);
  expect(await resultOf(server, await start("sum", [1, 2]))).toMatchObject({ value: 3 });
});
