import { access, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { isAlive } from "../support/process-tree.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { FixtureServer } from "./fixture-server.ts";

vi.setConfig({ testTimeout: 30_000 });

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let server: FixtureServer;

beforeAll(async () => {
  directory = await temporaryDirectory();
  server = await FixtureServer.start({ dataDirectory: `${directory.path}/data` });
});
afterAll(async () => {
  await server.end();
  await directory.remove();
});

const inDefault = (environment: string) => ({ project: "default", environment });

/** What a running orchestrator was told when it was started. */
async function configOf(pid: number): Promise<unknown> {
  const words = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
  return JSON.parse(words[words.indexOf("--config") + 1] ?? "null");
}

describe("projects", () => {
  test("are created, listed and deleted", async () => {
    expect(await server.ask("create-project", { project: "shop" })).toMatchObject({
      ok: true,
      value: { id: "shop", environments: 0, createdAt: expect.any(Number) },
    });
    expect(await server.ask("list-projects", {})).toMatchObject({
      value: { projects: [{ id: "default", environments: 1 }, { id: "shop" }] },
    });
    expect(await server.ask("delete-project", { project: "shop" })).toEqual({ ok: true, value: null });
    expect(await server.ask("list-environments", { project: "shop" })).toMatchObject({
      error: { code: "project_not_found", message: expect.stringContaining("coflux projects create shop") },
    });
  });

  test.each([
    ["create-project", { project: "default" }, "project_exists"],
    ["create-project", { project: "No Name" }, "invalid_name"],
    ["create-project", { project: "../x" }, "invalid_name"],
    ["delete-project", { project: "default" }, "project_not_empty"],
    ["delete-project", { project: "none" }, "project_not_found"],
  ] as const)("%s %j is refused with %s", async (name, params, code) => {
    expect(await server.ask(name, params)).toMatchObject({ ok: false, error: { code } });
  });
});

describe("environments", () => {
  test("are created with a base, shown, archived and deleted with their data", async () => {
    expect(await server.ask("create-environment", { ...inDefault("production"), base: null })).toMatchObject({
      ok: true,
      value: { name: "production", state: "active", base: null, process: "stopped" },
    });
    await server.ask("create-environment", { ...inDefault("staging/joe"), base: "production" });
    expect(await server.ask("show-environment", inDefault("staging/joe"))).toMatchObject({
      value: { base: "production" },
    });
    expect(await server.ask("archive-environment", inDefault("production"))).toMatchObject({
      error: { code: "environment_in_use", message: expect.stringContaining("staging/joe") },
    });

    const pid = await server.ensure("staging/joe");
    expect(await server.ask("delete-environment", inDefault("staging/joe"))).toMatchObject({
      error: { code: "environment_not_archived" },
    });
    expect(await server.ask("archive-environment", inDefault("staging/joe"))).toEqual({ ok: true, value: null });
    expect(await server.ask("show-environment", inDefault("staging/joe"))).toMatchObject({
      value: { state: "archived" },
    });
    expect(await server.ask("restart-environment", inDefault("staging/joe"))).toMatchObject({
      error: { code: "environment_archived" },
    });
    expect(await server.ask("ensure-environment", inDefault("staging/joe"))).toMatchObject({ ok: true }); // To read from it.
    const again = (await server.orchestrator("staging/joe")).pid ?? 0;

    expect(await configOf(again)).toMatchObject({ isArchived: true });

    await access(server.directoryOf("staging/joe"));
    expect(await server.ask("delete-environment", inDefault("staging/joe"))).toEqual({ ok: true, value: null });
    expect(await isAlive(pid)).toBe(false);
    expect(await isAlive(again)).toBe(false);
    await expect(access(server.directoryOf("staging/joe"))).rejects.toThrow("ENOENT");
    expect(await server.ask("show-environment", inDefault("staging/joe"))).toMatchObject({
      error: { code: "environment_not_found" },
    });
    expect(await server.ask("archive-environment", inDefault("production"))).toMatchObject({ ok: true });
  });

  test("are deleted although something is still stored in them", async () => {
    await server.create("busy");
    await server.ask("archive-environment", inDefault("busy"));
    const directory = server.directoryOf("busy");
    let deleted: unknown;
    const deleting = server.ask("delete-environment", inDefault("busy")).then((reply) => (deleted = reply));
    const store = async (path: string, name: number): Promise<void> => {
      await mkdir(path, { recursive: true });
      await writeFile(`${path}/${name}`, "");
    };
    for (let number = 0; number < 2_000 && deleted === undefined; number += 1) {
      await store(`${directory}/blobs/${number % 10}`, number).catch(() => undefined); // Removed under its feet.
    }
    expect(await deleting).toEqual({ ok: true, value: null });
  });

  test("are deleted when only archived ones were based on them", async () => {
    await server.create("below");
    await server.ask("create-environment", { ...inDefault("above"), base: "below" });
    for (const name of ["above", "below"]) await server.ask("archive-environment", inDefault(name));
    expect(await server.ask("delete-environment", inDefault("below"))).toEqual({ ok: true, value: null });
    expect(await server.ask("show-environment", inDefault("above"))).toMatchObject({
      value: { state: "archived", base: null },
    });
  });

  test("are archived when a process that was told so has ended what was under way, and only then stopped", async () => {
    await server.create("ended");
    const before = await server.ensure("ended");
    expect(await configOf(before)).toMatchObject({ isArchived: false });
    const [archived, based] = await Promise.all([
      server.ask("archive-environment", inDefault("ended")),
      server.ask("create-environment", { ...inDefault("on-ended"), base: "ended" }),
    ]);
    expect(archived).toEqual({ ok: true, value: null });
    expect(based).toMatchObject({ error: { code: "environment_archived" } });
    const moves = async () => (await server.log()).filter(({ child }) => child === "default/ended").map(({ to }) => to);
    const toItsEnd = ["starting", "ready", "stopping", "starting", "ready", "stopping", "stopped"];
    await expect.poll(moves, { timeout: 10_000 }).toEqual(toItsEnd); // The answer does not wait for the end of the last process.
    expect(await server.ask("archive-environment", inDefault("ended"))).toEqual({ ok: true, value: null }); // May be repeated.
  });

  test("whose orchestrator cannot be started are archived all the same", async () => {
    await server.create("dead");
    await server.behave("dead", { start: "fatal corrupt_database", neverReady: true });
    expect(await server.ask("archive-environment", inDefault("dead"))).toEqual({ ok: true, value: null });
    expect(await server.ask("delete-environment", inDefault("dead"))).toEqual({ ok: true, value: null });
  });

  test("are called paused when their orchestrator says so", async () => {
    await server.create("paused");
    await server.ensure("paused");
    await server.say('activity {"isPaused":true}', "paused");
    await expect
      .poll(async () => server.ask("show-environment", inDefault("paused")))
      .toMatchObject({ value: { state: "paused", process: "ready" } });
  });

  test("are called paused as soon as the gateway says so", async () => {
    await server.create("pausing");
    for (const isPaused of [true, false]) {
      expect(await server.ask("note-paused", { ...inDefault("pausing"), isPaused })).toEqual({ ok: true, value: null });
      expect(await server.ask("show-environment", inDefault("pausing"))).toMatchObject({
        value: { state: isPaused ? "paused" : "active", process: "stopped" },
      });
    }
  });

  test("with slashes lie side by side on disk", async () => {
    await server.create("a/b", "a");
    await server.ensure("a/b");
    await server.ensure("a");
    const names = await readdir(`${server.dataDirectory}/projects/default`);
    expect(names).toEqual(expect.arrayContaining(["a", "a+b"]));
  });

  test.each([
    ["create-environment", { ...inDefault("development"), base: null }, "environment_exists"],
    ["create-environment", { ...inDefault("Bad Name"), base: null }, "invalid_name"],
    ["create-environment", { ...inDefault("a//b"), base: null }, "invalid_name"],
    ["create-environment", { ...inDefault("../../etc"), base: null }, "invalid_name"],
    ["create-environment", { ...inDefault("new"), base: "none" }, "environment_not_found"],
    ["create-environment", { project: "none", environment: "new", base: null }, "project_not_found"],
    ["show-environment", inDefault("none"), "environment_not_found"],
    ["ensure-environment", inDefault("none"), "environment_not_found"],
    ["restart-environment", inDefault("none"), "environment_not_found"],
    ["archive-environment", inDefault("none"), "environment_not_found"],
    ["delete-environment", inDefault("none"), "environment_not_found"],
  ] as const)("%s %j is refused with %s", async (name, params, code) => {
    expect(await server.ask(name, params)).toMatchObject({ ok: false, error: { code } });
  });

  test("are restarted with a new process that is ready when the answer comes", async () => {
    const before = await server.ensure();
    const reply = await server.ask("restart-environment", inDefault("development"));
    const after = await server.orchestrator();
    expect(reply).toEqual({ ok: true, value: { pid: after.pid } });
    expect(after).toMatchObject({ state: "ready", lastExit: { code: 0, reason: "a restart was asked for" } });
    expect(after.pid).not.toBe(before);
  });
});

test.each([
  ["dance", {}],
  ["create-project", {}],
  ["create-project", { project: 7 }],
])("a request %s with %j is refused, and the server goes on", async (name, params) => {
  const response = await fetch(`${server.url}/${name}`, { method: "POST", body: JSON.stringify(params) });
  expect(await response.json()).toMatchObject({ ok: false, error: { code: "invalid_request" } });
});
