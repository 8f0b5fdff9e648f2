import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, open, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import BetterSqlite3 from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { environmentDirectory } from "../../src/protocol/supervisor-messages.ts";
import type { ProcessesView } from "../../src/protocol/views.ts";
import { coflux } from "../support/coflux.ts";
import { eventually } from "../support/eventually.ts";
import { descendantsOf, isAlive, killHard } from "../support/process-tree.ts";
import { type TestServer, environmentPath, resultOf, startAgent, startRun, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temporary.ts";

let server: TestServer;

beforeEach(async () => {
  server = await startServer();
});

afterEach(async () => {
  await server.remove();
});

type Orchestrator = ProcessesView["orchestrators"][number];

const orchestratorOf = async (environment: string): Promise<Orchestrator | undefined> =>
  (await server.processes()).orchestrators.find((one) => one.environment === environment);

const create = async (name: string): Promise<void> => {
  await server.api("POST", "/api/projects/default/environments", { name });
  await server.api("GET", `${environmentPath(name)}/runs`); // Starts its orchestrator.
};

test("an orchestrator is started on demand and shown with its figures", async () => {
  await create("production");
  expect(await orchestratorOf("production")).toMatchObject({
    state: "ready",
    restarts: 0,
    lastExit: null,
    pid: expect.any(Number),
  });
  const { supervisor, gateway } = await server.processes();
  expect(supervisor.pid).toBe(server.pid);
  expect(gateway).toMatchObject({ state: "ready", pid: expect.any(Number) });
});

test("restarting an environment answers with the new process, and its agents stay connected", async () => {
  const agent = await startAgent(server);
  const before = await orchestratorOf("development");
  const { status, body } = await server.api<{ pid: number }>("POST", `${environmentPath()}/restart`);
  expect(status).toBe(200);
  expect(body.pid).not.toBe(before?.pid);
  expect((await orchestratorOf("development"))?.pid).toBe(body.pid);
  expect(await resultOf(server, await startRun(server, "sum", [1, 2]))).toMatchObject({ value: 3 });
  await agent.stop(); // With its end, all that it has said is here.
  // It says "connected to" when it connects, and "not connected to" when it is not.
  expect(agent.process.stderr().match(/connected to default\/development/g)).toHaveLength(1);
});

test("a killed orchestrator comes back by itself, with the reason of its end on show", async () => {
  await create("production");
  const before = await orchestratorOf("production");
  killHard(before?.pid ?? 0);
  const after = await eventually("it is ready again", async () => {
    const now = await orchestratorOf("production");
    return now?.state === "ready" && now.pid !== before?.pid && now;
  });
  expect(after).toMatchObject({ restarts: 1, lastExit: { signal: "SIGKILL" } });
});

test("a corrupt database quarantines its environment at once, while the others run, until it is restarted by hand", async () => {
  await create("production");
  await create("broken");
  const orchestrator = await orchestratorOf("broken");
  const database = `${server.dataDirectory}/${environmentDirectory("default", "broken")}/environment.db`;
  killHard(orchestrator?.pid ?? 0, "SIGSTOP"); // So that it cannot come back before its file is broken.
  await rm(`${database}-wal`, { force: true });
  const file = await open(database, "r+");
  await file.write(Buffer.alloc(4_096, 0xff), 0, 4_096, 0);
  await file.close();
  killHard(orchestrator?.pid ?? 0);
  const quarantined = await eventually("it is quarantined", async () => {
    const now = await orchestratorOf("broken");
    return now?.state === "quarantined" && now;
  });
  expect(quarantined.lastExit?.reason).toMatch(/corrupt/i);
  expect(await server.api("GET", `${environmentPath("broken")}/runs`)).toMatchObject({
    status: 503,
    body: {
      error: {
        code: "environment_unavailable",
        message: expect.stringMatching(/quarantine.*restore a backup of .*environment\.db, then/),
      },
    },
  });
  expect((await server.api("GET", `${environmentPath("production")}/runs`)).status).toBe(200);
  await rm(database);
  expect((await server.api("POST", `${environmentPath("broken")}/restart`)).status).toBe(200);
});

test("an environment that was paused is paused at once, and active as soon as it was resumed", async () => {
  await create("pausing");
  for (const [word, state] of Array.from({ length: 10 }, (_, index) => index % 2).map((odd) =>
    odd === 0 ? ["pause", "paused"] : ["resume", "active"],
  )) {
    expect((await server.api("POST", `${environmentPath("pausing")}/${word}`)).status).toBe(204);
    expect((await server.api("GET", environmentPath("pausing"))).body).toMatchObject({ state });
  }
});

test("while the supervisor stands still, what needs it is refused in time, and everything else goes on", async () => {
  await create("known");
  await server.api("POST", "/api/projects/default/environments", { name: "unknown" });
  killHard(server.pid, "SIGSTOP");
  const answers = await Promise.all([
    server.api("GET", "/api/projects"),
    server.api("GET", `${environmentPath("unknown")}/runs`),
    server.api("POST", `${environmentPath("known")}/restart`),
    server.api("GET", `${environmentPath("known")}/runs`),
  ]);
  killHard(server.pid, "SIGCONT");
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 200]);
  expect(answers.slice(0, 3).every(({ headers }) => headers.has("retry-after"))).toBe(true);
  expect((await server.api("GET", `${environmentPath("unknown")}/runs`)).status).toBe(200);
});

test(
  "a hung orchestrator is unresponsive, is killed, and comes back; the others notice nothing",
  { timeout: 90_000 },
  async () => {
    await create("production");
    await create("hung");
    const before = await orchestratorOf("hung");
    killHard(before?.pid ?? 0, "SIGSTOP");
    expect(await server.api("GET", `${environmentPath("hung")}/runs`)).toMatchObject({
      status: 503,
      body: { error: { code: "environment_unavailable", message: expect.stringContaining("does not respond") } },
    });
    await eventually("it is called unresponsive", async () => (await orchestratorOf("hung"))?.unresponsive === true);
    expect((await server.api("GET", `${environmentPath("production")}/runs`)).status).toBe(200);
    await eventually(
      "a new one is ready",
      async () => {
        const now = await orchestratorOf("hung");
        return now?.state === "ready" && now.pid !== before?.pid;
      },
      60_000,
    );
  },
);

test("an environment is archived, or becomes the base of another, but never half of both", async () => {
  const environments = "/api/projects/default/environments";
  for (const delayMs of [0, 50, 100, 150, 200, 250]) {
    const name = `base${delayMs}`;
    await create(name);
    const [archived, based] = await Promise.all([
      server.api("POST", `${environmentPath(name)}/archive`),
      sleep(delayMs).then(() => server.api("POST", environments, { name: `on-${name}`, base: name })),
    ]);
    const { body } = await server.api<{ state: string }>("GET", environmentPath(name));
    const run = await server.api("POST", `${environmentPath(name)}/runs`, { target: "flows/none" });
    const outcome = [archived.status, based.status, body.state, run.status];
    expect(outcome).toEqual(based.status === 201 ? [409, 201, "active", 404] : [204, 409, "archived", 409]);
  }
});

test("an archive that is cut short by the death of every process of the server has happened whole, or not at all", async () => {
  for (const delayMs of [0, 30, 100]) {
    await create(`cut${delayMs}`);
    const path = environmentPath(`cut${delayMs}`);
    const agent = await startAgent(server, { environment: `cut${delayMs}` });
    const { body } = await server.api<{ runId: string }>("POST", `${path}/runs`, {
      target: "flows/sum",
      arguments: [1, 2],
      delayMs: 3_600_000,
    });
    const answered = server.api("POST", `${path}/archive`).then(
      ({ status }) => status,
      () => null,
    );
    await sleep(delayMs);
    const pids = await descendantsOf(server.pid);
    for (const pid of [server.pid, ...pids]) killHard(pid);
    await server.process.finished;
    const status = await answered;
    server = await server.restart();
    const { state } = (await server.api<{ state: string }>("GET", path)).body;
    const result = await server.api("GET", `${path}/runs/${body.runId}/result`);
    const more = await server.api("POST", `${path}/runs`, { target: "flows/sum", arguments: [1, 2] });
    expect([state, result.body, more.status]).toMatchObject(
      state === "archived" ? ["archived", { status: "cancelled" }, 409] : ["active", { status: "pending" }, 201],
    );
    if (status === 204) expect(state).toBe("archived");
    expect((await server.api("POST", `${path}/archive`)).status).toBe(204); // May be repeated.
    expect((await server.api("GET", `${path}/runs/${body.runId}/result`)).body).toMatchObject({ status: "cancelled" });
    await agent.stop("SIGKILL");
  }
});

test("a name that was archived, deleted and taken again is a new environment, large arguments and blobs included", async () => {
  const large = "x".repeat(100_000);
  const key = createHash("sha256").update("bytes").digest("hex");
  for (const round of [1, 2]) {
    await create("again");
    const agent = await startAgent(server, { environment: "again" });
    const put = await fetch(`${server.url}${environmentPath("again")}/blobs/${key}`, { method: "PUT", body: "bytes" });
    expect([round, put.status]).toEqual([round, 204]);
    const started = await server.api("POST", `${environmentPath("again")}/runs`, {
      target: "flows/echo",
      arguments: [large],
    });
    expect([round, started.status]).toEqual([round, 201]);
    expect((await server.api("POST", `${environmentPath("again")}/archive`)).status).toBe(204);
    expect((await server.api("DELETE", environmentPath("again"))).status).toBe(204);
    await agent.stop("SIGKILL");
  }
});

test("two servers on one data directory: the second refuses and says why", async () => {
  const second = await coflux(["server", "start", "--port", "0", "--data-dir", server.dataDirectory]);
  expect(second.code).toBe(5);
  expect(second.stderr).toContain(server.dataDirectory);
  expect(second.stderr).toMatch(/another (server|supervisor)/i);
});

test("SIGKILL of the supervisor leaves no process alive, not even a hung one, and a new start brings everything back", async () => {
  await create("production");
  const pids = await descendantsOf(server.pid);
  killHard((await orchestratorOf("production"))?.pid ?? 0, "SIGSTOP");
  killHard(server.pid);
  await eventually("all are gone", async () => !(await Promise.all(pids.map(isAlive))).includes(true));
  server = await server.restart();
  expect((await server.api("GET", `${environmentPath("production")}/runs`)).status).toBe(200);
});

test("SIGTERM stops everything in order", async () => {
  const agent = await startAgent(server);
  const pids = await descendantsOf(server.pid);
  server.process.process.kill("SIGTERM");
  expect(await server.process.finished).toMatchObject({ code: 0 });
  expect((await Promise.all(pids.map(isAlive))).includes(true)).toBe(false);
  await agent.stop();
});

test("a second signal ends a server at once that still waits for what hangs", async () => {
  await create("hung");
  const pids = await descendantsOf(server.pid);
  killHard((await orchestratorOf("hung"))?.pid ?? 0, "SIGSTOP");
  server.process.process.kill("SIGTERM");
  await eventually("the gateway has stopped", async () => (await Promise.all(pids.map(isAlive))).includes(false));
  server.process.process.kill("SIGTERM");
  expect(await server.process.finished).toMatchObject({ code: 130 });
  await eventually("all are gone", async () => !(await Promise.all(pids.map(isAlive))).includes(true));
});

test("a database of an older version is copied before it is migrated, one of a newer version is refused and stays as it is", async () => {
  await create("older");
  await create("newer");
  await server.stop();
  const pathOf = (name: string): string => `${server.dataDirectory}/${environmentDirectory("default", name)}`;
  await rm(`${pathOf("older")}/environment.db`);
  const older = new BetterSqlite3(`${pathOf("older")}/environment.db`);
  older.exec(await readFile(new URL("../../src/orchestrator/store/migrations/0001.sql", import.meta.url), "utf8"));
  older.pragma("user_version = 1");
  older.close();
  const newer = new BetterSqlite3(`${pathOf("newer")}/environment.db`);
  newer.pragma("user_version = 999");
  newer.close();
  server = await server.restart();
  expect((await server.api("GET", `${environmentPath("older")}/runs`)).status).toBe(200);
  expect((await readdir(pathOf("older"))).filter((name) => name.startsWith("environment-before-"))).toHaveLength(1);
  expect(await server.api("GET", `${environmentPath("newer")}/runs`)).toMatchObject({
    status: 503,
    body: {
      error: { message: expect.stringMatching(/written by a newer version.*run the newer version, or restore/) },
    },
  });
  expect(await orchestratorOf("newer")).toMatchObject({ state: "quarantined" });
});

test("an environment with nothing to do is stopped, and started again when somebody asks", async () => {
  await server.remove();
  server = await startServer({ flags: ["--idle-timeout", "1s"] });
  await create("quiet");
  await eventually("it is stopped", async () => (await orchestratorOf("quiet"))?.state === "stopped");
  expect((await server.api("GET", `${environmentPath("quiet")}/runs`)).status).toBe(200);
  expect((await orchestratorOf("quiet"))?.state).toBe("ready");
});

test.runIf(process.platform === "linux")(
  "--idle-timeout 0 tells each orchestrator to stay, however idle it is",
  async () => {
    await server.remove();
    server = await startServer({ flags: ["--idle-timeout", "0"] });
    await create("quiet");
    const words = (await readFile(`/proc/${(await orchestratorOf("quiet"))?.pid}/cmdline`, "utf8")).split("\0");
    expect(JSON.parse(words[words.indexOf("--config") + 1] ?? "")).toMatchObject({ idleTimeoutMs: 0 });
  },
);

test("a delayed run wakes its environment when it is due", async () => {
  await server.remove();
  server = await startServer({ flags: ["--idle-timeout", "500ms"] });
  const agent = await startAgent(server);
  await agent.stop();
  const run = await startRun(server, "sum", [1, 2], { delayMs: 4_000 });
  // Asleep and awake are short when nobody needs it; the log keeps what a slow look would miss.
  await eventually("it is woken", async () =>
    (await readFile(`${server.dataDirectory}/logs/server.log`, "utf8")).includes("something is due"),
  );
  const second = await startAgent(server);
  expect(await resultOf(server, run)).toMatchObject({ value: 3 });
  await second.stop();
});

const mayMount = process.getuid?.() === 0 && canMountTmpfs();

test.runIf(mayMount)("a full disk refuses what it cannot keep, loses nothing, and heals by itself", async () => {
  const temporary = await temporaryDirectory();
  const data = `${temporary.path}/small`;
  await mkdir(data);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=12m", "tmpfs", data]);
  const small = await startServer({ dataDirectory: `${data}/data` });
  const agent = await startAgent(small);
  const kept = await startRun(small, "sum", [1, 1]);
  expect(await resultOf(small, kept)).toMatchObject({ value: 2 });
  await writeFile(`${data}/ballast`, Buffer.alloc(12 * 1_048_576)).catch(() => undefined); // Until the disk is full.
  const refused = await eventually("a run is refused", async () => {
    const answer = await small.api("POST", `${environmentPath()}/runs`, {
      target: "flows/echo",
      arguments: ["x".repeat(20_000)],
    });
    return answer.status !== 201 && answer;
  });
  expect(refused).toMatchObject({ status: 503, body: { error: { code: "storage_full" } } });
  expect(await resultOf(small, kept)).toMatchObject({ value: 2 });
  await rm(`${data}/ballast`);
  await eventually("it heals", async () => {
    const answer = await small.api("POST", `${environmentPath()}/runs`, { target: "flows/sum", arguments: [1, 2] });
    return answer.status === 201;
  });
  await agent.stop();
  await small.stop();
  execFileSync("umount", [data]);
  await temporary.remove();
});

function canMountTmpfs(): boolean {
  try {
    execFileSync("unshare", ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
