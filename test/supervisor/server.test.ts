import { existsSync } from "node:fs";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { isAlive, killHard } from "../support/process-tree.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { type FixtureOptions, FixtureServer } from "./fixture-server.ts";

vi.setConfig({ testTimeout: 30_000 });

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let servers: FixtureServer[] = [];

beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.end()));
  servers = [];
  await directory.remove();
});

async function start(options: Partial<FixtureOptions> = {}): Promise<FixtureServer> {
  const server = await FixtureServer.start({ dataDirectory: `${directory.path}/data`, ...options });
  servers.push(server);
  return server;
}

/** One that is expected to refuse. */
async function refused(options: Partial<FixtureOptions>): Promise<{ code: number | null; stderr: string }> {
  const server = await FixtureServer.spawn({ dataDirectory: `${directory.path}/data`, ...options });
  servers.push(server);
  const code = await server.exit;
  return { code, stderr: server.stderr };
}

const allGone = async (pids: readonly number[]): Promise<boolean> =>
  !(await Promise.all(pids.map(isAlive))).includes(true);

describe("a server", () => {
  test("has the default project with its environment from the first start on, and keeps what was made since", async () => {
    const first = await start();
    expect(await first.ask("list-environments", { project: "default" })).toMatchObject({
      value: { environments: [{ name: "development", state: "active", base: null, process: "stopped" }] },
    });
    await first.create("production");
    await first.end();
    const second = await start();
    const names = (await second.processes()).orchestrators.map(({ environment }) => environment);
    expect(names).toEqual(["development", "production"]);
  });

  test("refuses a data directory that another server holds", async () => {
    const first = await start();
    for (const port of [0, Number(new URL(first.url).port)]) {
      const second = await refused({ port });
      expect(second.code).toBe(5);
      expect(second.stderr).toContain(`in use by another server (process ${first.pid})`);
      expect(second.stderr).toContain("--data-dir");
    }
    expect((await fetch(first.url)).status).toBe(200);
  });

  test.each([["0.0.0.0"], ["::"]])("refuses to listen on %s where nobody is asked for a token", async (host) => {
    const { code, stderr } = await refused({ host });
    expect(code).toBe(2);
    expect(stderr).toMatch(/--no-auth/);
  });

  test("listens on an open address when it is told so", async () => {
    const server = await start({ host: "0.0.0.0", allowsOpenAddress: true });
    expect(server.url).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
  });

  test("refuses a host that is none", async () => {
    expect(await refused({ host: "no such host" })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("no such host"),
    });
  });

  test("refuses a port that is in use, and leaves no data behind", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const address = other.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    expect(await refused({ port })).toMatchObject({ code: 5, stderr: expect.stringMatching(/in use.*--port/) });
    expect(existsSync(`${directory.path}/data`)).toBe(false);
    other.close();
  });

  test("refuses a data directory that cannot be made", async () => {
    await writeFile(`${directory.path}/file`, "");
    for (const dataDirectory of [`${directory.path}/file/data`, "/proc/data"]) {
      expect(await refused({ dataDirectory })).toMatchObject({
        code: 5,
        stderr: expect.stringContaining(dataDirectory),
      });
    }
  });

  test("ends with an error when its gateway cannot be started", async () => {
    const here = new URL("fixtures/orchestrator.mjs", import.meta.url).pathname;
    const { code, stderr } = await refused({
      programs: { gateway: "/nowhere/gateway.mjs", orchestrator: here },
      limits: { firstBackoffMs: 1, longestBackoffMs: 2 },
    });
    expect(code).toBe(1);
    expect(stderr).toContain("there is no gateway");
  });
});

describe("a stop", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "by %s drains the gateway, then the orchestrators, and leaves nothing",
    async (signal) => {
      const server = await start();
      await server.create("production");
      await server.ensure();
      await server.ensure("production");
      const pids = await server.children();
      expect(pids).toHaveLength(3);
      server.process.kill(signal);
      expect(await server.exit).toBe(0);
      expect(await allGone(pids)).toBe(true);
      const order = (await readFile(`${server.dataDirectory}/order`, "utf8")).trim().split("\n");
      expect(order.slice(0, 2)).toEqual(["gateway drains", "gateway ends"]);
      expect(order.slice(2).toSorted()).toEqual(["development drains", "production drains"]);
    },
  );

  test("ends a child that does not drain, and one that ignores SIGTERM", async () => {
    const server = await start({ limits: { stopOrchestratorsMs: 100, stopTerminateMs: 100 } });
    await server.behave("development", { ignoresDrain: true, ignoresTerm: true });
    const pid = await server.ensure();
    server.process.kill("SIGTERM");
    expect(await server.exit).toBe(0);
    expect(await isAlive(pid)).toBe(false);
  });

  test("does not wait for a child that is between two starts", async () => {
    const server = await start({ limits: { firstBackoffMs: 60_000, longestBackoffMs: 60_000 } });
    await server.behave("development", { start: "crash 1", neverReady: true });
    void server.ask("ensure-environment", { project: "default", environment: "development" }).catch(() => undefined);
    await eventually("it waits", async () => (await server.orchestrator()).state === "backoff");
    server.process.kill("SIGTERM");
    expect(await server.exit).toBe(0);
  });

  test("is made short by a second signal", async () => {
    const server = await start();
    await server.behave("development", { ignoresDrain: true, ignoresTerm: true });
    await server.ensure();
    const pids = await server.children();
    server.process.kill("SIGINT");
    await eventually("it drains", async () => server.stderr.includes("gateway has stopped"));
    server.process.kill("SIGINT");
    expect(await server.exit).toBe(130);
    await eventually("all are gone", () => allGone(pids));
  });

  test("can be asked for by the program around it, whose signals are its own and whose stderr stays quiet", async () => {
    const server = await start({ stopAfterReady: true });
    expect(await server.exit).toBe(0);
    expect(server.stderr).toBe("");
    expect((await server.log()).at(-1)).toMatchObject({ msg: "gateway has stopped: the server stops" });
  });

  test("goes on when nobody reads its stderr any more", async () => {
    const server = await start();
    server.process.stderr?.destroy();
    killHard(await server.ensure());
    await eventually("it is back", async () => (await server.orchestrator()).restarts === 1);
    server.process.kill("SIGTERM");
    expect(await server.exit).toBe(0);
  });

  test("removes the sockets", async () => {
    const server = await start();
    const reply = await server.ask("ensure-environment", { project: "default", environment: "development" });
    const sockets = reply.ok ? dirname(reply.value.socketPath) : "";
    expect(await readdir(sockets)).toHaveLength(1);
    server.process.kill("SIGTERM");
    await server.exit;
    await expect(readdir(sockets)).rejects.toThrow("ENOENT");
  });
});

describe("SIGKILL of the supervisor", () => {
  test.runIf(process.platform === "linux")(
    "leaves no process, not even a stopped or a spinning one, and a new start brings everything back",
    async () => {
      const server = await start();
      await server.create("stopped", "spinning", "quiet");
      for (const environment of ["development", "stopped", "spinning"]) await server.ensure(environment);
      const pids = await server.children();
      killHard((await server.orchestrator("stopped")).pid ?? 0, "SIGSTOP");
      await server.say("spin", "spinning");
      killHard(server.pid);
      await eventually("all are gone", () => allGone(pids), 2_000);

      const next = await start({ port: Number(new URL(server.url).port) });
      await eventually("all that ran are ready", async () => {
        const { orchestrators } = await next.processes();
        return orchestrators.filter(({ state }) => state === "ready").length === 3;
      });
      expect(await next.orchestrator("quiet")).toMatchObject({ state: "stopped" });
    },
  );
});

describe("the gateway", () => {
  test("that is killed comes back, and nobody who connects meanwhile is refused", async () => {
    const server = await start();
    const before = (await server.processes()).gateway.pid ?? 0;
    killHard(before);
    await eventually("it has gone", async () => !(await isAlive(before)));
    const answers = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(server.url)).json()));
    const { gateway } = await server.processes();
    expect(gateway).toMatchObject({ state: "ready", restarts: 1, lastExit: { signal: "SIGKILL" } });
    expect(answers).toEqual(Array.from({ length: 20 }, () => ({ pid: gateway.pid })));
  });

  test("hears of every change of an orchestrator, and after its own restart of all that there are", async () => {
    const server = await start();
    const heard = async (): Promise<{ state: string; environment: string; epoch: number | null }[]> =>
      JSON.parse(await (await fetch(`${server.url}/heard`)).text());
    await server.create("production");
    await server.ensure();
    killHard(await server.ensure("production"));
    await eventually("production is back", async () => (await server.orchestrator("production")).restarts === 1);
    await server.ensure("production");
    const ofProduction = async (): Promise<string[]> =>
      (await heard()).filter(({ environment }) => environment === "production").map(({ state }) => state);
    await eventually("the gateway heard all four changes", async () => (await ofProduction()).length >= 4);
    expect(await ofProduction()).toEqual(["starting", "ready", "starting", "ready"]);
    const gateway = (await server.processes()).gateway.pid ?? 0;
    killHard(gateway);
    await eventually("it has gone", async () => !(await isAlive(gateway)));
    await eventually("the new gateway heard of both", async () => (await heard()).length >= 2);
    expect(await heard()).toMatchObject([
      { environment: "development", state: "ready", epoch: 1 },
      { environment: "production", state: "ready", epoch: 2 },
    ]);
  });
});
