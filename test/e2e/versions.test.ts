import { mkdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type TestServer, environmentPath, resultOf, startAgent, startRun, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import type { RepositoriesView } from "../../src/protocol/views.ts";

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

/** An agent with `hello`, which calls a task that only this version has. */
async function startVersion(version: string, helper: string) {
  const directory = `${temporary.path}/${version}`;
  mkdirSync(directory);
  writeFileSync(
    `${directory}/flows.ts`,
    `import { task, workflow } from "coflux";
     export const ${helper} = task(async (word: string) => word + " from ${version}");
     export const hello = workflow(async (word: string) => await ${helper}(word));
     export const only_${version} = workflow(async () => await ${helper}("only"));`,
  );
  return await startAgent(server, { repositories: [`flows=${directory}/flows.ts`] });
}

/** Who hosts what: the number of connected agents of each target. */
async function hosted(): Promise<Record<string, number>> {
  const { body } = await server.api<RepositoriesView>("GET", `${environmentPath()}/repositories`);
  const targets = body.repositories.flatMap((repository) => repository.targets);
  return Object.fromEntries(targets.map(({ name, agents }) => [name, agents.length]));
}

test("two versions of a repository work side by side, and the one that stays goes on", async () => {
  const older = await startVersion("v1", "shout");
  const newer = await startVersion("v2", "whisper");
  expect(await hosted()).toEqual({ hello: 2, shout: 1, only_v1: 1, whisper: 1, only_v2: 1 });
  const runs = await Promise.all(Array.from({ length: 6 }, () => startRun(server, "hello", ["hi"])));
  const results = await Promise.all(runs.map((run) => resultOf(server, run)));
  expect(new Set(results.map(({ value }) => value))).toEqual(new Set(["hi from v1", "hi from v2"]));

  await newer.stop();
  await eventually("the newer agent has left", async () => (await hosted())["whisper"] === 0);
  expect(await hosted()).toEqual({ hello: 1, shout: 1, only_v1: 1, whisper: 0, only_v2: 0 });
  expect(await resultOf(server, await startRun(server, "hello", ["still"]))).toMatchObject({ value: "still from v1" });
  expect(await resultOf(server, await startRun(server, "only_v1"))).toMatchObject({ value: "only from v1" });

  await older.stop();
  await eventually("the older agent has left", async () => (await hosted())["hello"] === 0);
  expect(await hosted()).toEqual({ hello: 0, whisper: 0, only_v2: 0 });
});
