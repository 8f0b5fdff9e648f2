import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { isAlive, killHard } from "../support/process-tree.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { type FixtureOptions, FixtureServer } from "./fixture-server.ts";

vi.setConfig({ testTimeout: 30_000 });

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let server: FixtureServer;

beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(async () => {
  await server.end();
  await directory.remove();
});

async function start(options: Partial<FixtureOptions> = {}): Promise<void> {
  server = await FixtureServer.start({ dataDirectory: `${directory.path}/data`, ...options });
}

const development = { project: "default", environment: "development" };

describe("an orchestrator", () => {
  test("is started when somebody needs it, once, and shown with its figures", async () => {
    await start({ limits: { sampleMs: 50, pingMs: 50 } });
    expect(await server.orchestrator()).toMatchObject({ state: "stopped", pid: null, rssBytes: null });
    const replies = await Promise.all(Array.from({ length: 5 }, () => server.ask("ensure-environment", development)));
    expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1);
    expect(replies[0]).toMatchObject({ ok: true, value: { epoch: 1, socketPath: expect.stringMatching(/\.sock$/) } });
    expect(await server.starts()).toHaveLength(1);
    const shown = await eventually("its figures are there", async () => {
      const one = await server.orchestrator();
      return one.cpuPercent !== null && one.eventLoopLagMs !== null && one;
    });
    expect(shown).toMatchObject({ state: "ready", restarts: 0, lastExit: null, unresponsive: false });
    expect(shown.rssBytes).toBeGreaterThan(10 * 1_048_576);
    expect(shown.startedAt).toBeGreaterThan(0);
    expect(await readFile(`/proc/${shown.pid}/oom_score_adj`, "utf8")).toBe("200\n"); // It goes before the gateway.
  });

  test("that crashes comes back at once, and the reason of its end is on show with its last words in the log", async () => {
    await start();
    const before = await server.ensure();
    await server.say("crash 3");
    const after = await eventually("it is back", async () => {
      const one = await server.orchestrator();
      return one.state === "ready" && one.pid !== before && one;
    });
    expect(after).toMatchObject({
      restarts: 1,
      lastExit: { code: 3, signal: null, reason: "it ended with exit code 3" },
    });
    const line = (await server.log()).find(({ from, to }) => from === "ready" && to === "starting");
    expect(line).toMatchObject({ child: "default/development", code: 3, cause: "it ended with exit code 3" });
    expect(line?.["lastWords"]).toContain("the last words of the dying");
    expect(server.stderr).toContain("default/development has ended: it ended with exit code 3");
  });

  test("is started although the directory of its socket was tidied up", async () => {
    await start();
    const [sockets] = (await readdir(directory.path)).filter((name) => name.startsWith("coflux-"));
    await rm(`${directory.path}/${sockets}`, { recursive: true });
    expect(await server.ask("ensure-environment", development)).toMatchObject({ ok: true, value: { epoch: 1 } });
  });

  test("that is killed again and again waits longer each time, and its neighbour does not notice", async () => {
    await start({ limits: { firstBackoffMs: 20_000 } });
    await server.create("neighbour");
    const neighbour = await server.ensure("neighbour");
    killHard(await server.ensure());
    await eventually("it is back", async () => (await server.orchestrator()).restarts === 1);
    killHard(await server.ensure());
    await eventually("it waits", async () => (await server.orchestrator()).state === "backoff");
    expect(await server.orchestrator("neighbour")).toMatchObject({ pid: neighbour, state: "ready", restarts: 0 });
    const restarted = await server.ask("restart-environment", development); // Does not wait.
    expect(restarted).toMatchObject({ ok: true, value: { pid: (await server.starts()).at(-1) } });
  });

  test.each(["corrupt_database", "newer_schema"])(
    "that ends with %s is in quarantine until it is restarted",
    async (code) => {
      await start();
      await server.behave("development", { start: `fatal ${code}`, neverReady: true });
      const refused = await server.ask("ensure-environment", development);
      expect(refused).toMatchObject({ ok: false, error: { code: "environment_unavailable" } });
      expect(JSON.stringify(refused)).toMatch(
        /quarantine.*restore .*projects\/default\/development\/environment\.db.*, then `coflux environments restart/,
      );
      expect(await server.starts()).toHaveLength(1);
      expect(await server.orchestrator()).toMatchObject({ state: "quarantined", lastExit: { code: 70 } });
      expect((await server.orchestrator()).lastExit?.reason).toContain(code);
      await server.behave("development", {});
      expect(await server.ask("restart-environment", development)).toMatchObject({ ok: true });
      expect(await server.orchestrator()).toMatchObject({ state: "ready" });
    },
  );

  test("that never starts is in quarantine after eight tries, and the CPU is left in peace", async () => {
    await start({ limits: { firstBackoffMs: 1, longestBackoffMs: 10 } });
    await server.behave("development", { start: "crash 1", neverReady: true });
    expect(await server.ask("ensure-environment", development)).toMatchObject({ ok: false });
    expect(await server.starts()).toHaveLength(8);
    expect(await server.orchestrator()).toMatchObject({ state: "quarantined" });
    expect(server.stderr).toMatch(/quarantine because 8 starts failed within 10 minutes/);
  });

  test("that crashes soon after each start is in quarantine after eight times, until a person wants it to be tried again", async () => {
    await start({ limits: { firstBackoffMs: 1, longestBackoffMs: 10 } });
    await server.behave("development", { onceReady: "crash 1" });
    await server.ask("ensure-environment", development);
    await eventually("it is in quarantine", async () => (await server.orchestrator()).state === "quarantined");
    expect(await server.starts()).toHaveLength(8);
    expect(await server.ask("ensure-environment", development)).toMatchObject({
      error: {
        message: expect.stringMatching(/8 starts failed .*exit code 1.*; mend what .*development\.log tells, then/),
      },
    });
    expect(await server.starts()).toHaveLength(8);
    await server.behave("development", {});
    expect(await server.ask("restart-environment", development)).toMatchObject({ ok: true });
    expect(await server.orchestrator()).toMatchObject({ state: "ready" });
  });

  test("that others kill again and again is never in quarantine", async () => {
    await start({ limits: { firstBackoffMs: 1, longestBackoffMs: 10 } });
    for (let kills = 0; kills < 10; kills += 1) {
      killHard(await server.ensure());
      await eventually("it is back", async () => (await server.orchestrator()).restarts === kills + 1);
    }
    await server.ensure();
  });

  test("that waits for its next start says why, and for how long", async () => {
    await start({ limits: { firstBackoffMs: 20_000, readyWaitMs: 300 } });
    await server.behave("development", { onceReady: "crash 7" });
    await server.ask("ensure-environment", development);
    await eventually("it waits", async () => (await server.orchestrator()).state === "backoff");
    expect(await server.ask("ensure-environment", development)).toMatchObject({
      error: {
        code: "environment_unavailable",
        message: expect.stringMatching(/is in back-off after its last end \(.*exit code 7\).* again in \d+\.\d s$/),
        details: { state: "backoff", reason: expect.stringContaining("exit code 7") },
      },
    });
    const heard = JSON.parse(await (await fetch(`${server.url}/heard`)).text());
    expect(heard.at(-1)).toMatchObject({ state: "backoff", reason: expect.stringContaining("exit code 7") });
  });

  test("that does not become ready in time is killed; one that makes progress is not", async () => {
    await start({ limits: { startMs: 600, failedStarts: 1 } });
    await server.create("slow");
    await server.behave("slow", { neverReady: true });
    expect(await server.ask("ensure-environment", { ...development, environment: "slow" })).toMatchObject({
      ok: false,
    });
    expect((await server.orchestrator("slow")).lastExit?.reason).toContain("not ready in time");
    await server.behave("development", { slowSteps: 5 });
    const ensured = server.ask("ensure-environment", development);
    const shown = await eventually("it says how far it is", async () => {
      const { progress } = await server.orchestrator();
      return progress ?? undefined;
    });
    expect(shown).toMatch(/^migrating \d+ %$/);
    expect(await ensured).toMatchObject({ ok: true });
    expect(await server.orchestrator()).toMatchObject({ lastExit: null, progress: null });
  });

  test("whose directory cannot be made is in quarantine with the reason", async () => {
    await start({ limits: { firstBackoffMs: 1, longestBackoffMs: 2 } });
    await writeFile(`${server.dataDirectory}/projects`, "a file where a directory belongs");
    expect(await server.ask("ensure-environment", development)).toMatchObject({ ok: false });
    expect((await server.orchestrator()).lastExit?.reason).toContain("not a directory");
  });

  test("whose program does not exist is in quarantine with the reason", async () => {
    await start({ programs: undefinedProgram(), limits: { firstBackoffMs: 1, longestBackoffMs: 2 } });
    expect(await server.ask("ensure-environment", development)).toMatchObject({ ok: false });
    const line = (await server.log()).find(({ to }) => to === "quarantined");
    expect(line?.["lastWords"]).toContain("Cannot find module");
  });

  test("that uses too much memory is restarted in order, and killed when it uses far too much", async () => {
    await start({ limits: { sampleMs: 50, firstBackoffMs: 1 }, rssLimitMb: 150 });
    const first = await server.ensure();
    await server.say("allocate 130");
    const recycled = await eventually("it is restarted", async () => {
      const one = await server.orchestrator();
      return one.state === "ready" && one.pid !== first && one;
    });
    expect(recycled.lastExit).toMatchObject({
      code: 0,
      reason: expect.stringMatching(/used \d+ MB.*its limit is 150 MB/),
    });
    await server.say("allocate 400");
    const killed = await eventually("it is killed", async () => {
      const one = await server.orchestrator();
      return one.lastExit?.signal === "SIGKILL" && one;
    });
    expect(killed.lastExit?.reason).toMatch(/used \d+ MB/);
  });

  test("that runs out of heap says so", async () => {
    await start({ heapLimitMb: 32 });
    await server.ensure();
    await server.say("exhaust");
    const after = await eventually("it has ended", async () => {
      const one = await server.orchestrator();
      return one.lastExit !== null && one;
    });
    expect(after.lastExit?.reason).toBe("out of memory: its heap reached its limit");
  });

  test("that eats the CPU gives way while others need it", async () => {
    // A small part of a core is much here: on a busy machine no process gets most of one.
    await start({ limits: { sampleMs: 250, hotCpuPercent: 5, hotCpuLeastPercent: 0, hotCpuMs: 500 } });
    await server.create("neighbour");
    await server.ensure("neighbour");
    const pid = await server.ensure();
    await server.say("spin");
    await eventually("it gives way", async () => niceOf(await readFile(`/proc/${pid}/stat`, "utf8")) === 10);
    expect(niceOf(await readFile(`/proc/${await server.ensure("neighbour")}/stat`, "utf8"))).toBe(0);
  });

  test("that says nonsense is not minded, and is told apart from its neighbours in the log", async () => {
    await start();
    const pid = await server.ensure();
    await server.say("nonsense");
    await eventually("it is noted", async () =>
      server.stderr.includes("default/development said something that is no message"),
    );
    expect((await server.orchestrator()).pid).toBe(pid);
  });

  test("whose log grows beyond its limit gets a new file", async () => {
    await start({ limits: { sampleMs: 50, logBytes: 10_000 } });
    await server.ensure();
    await server.say("write 20000");
    const log = `${server.dataDirectory}/logs/default+development.log`;
    await eventually("it is rotated", async () => (await readFile(`${log}.1`)).length > 20_000);
    await server.say("write 5");
    await eventually("it writes on", async () => (await readFile(log, "utf8")) === "xxxxx\n");
  });
});

describe("an idle orchestrator", () => {
  test("is stopped, starts again when somebody needs it, and is not started with the server", async () => {
    await start();
    const pid = await server.ensure();
    await server.say('activity {"isIdle":true}');
    await eventually("it is stopped", async () => (await server.orchestrator()).state === "stopped");
    expect(await isAlive(pid)).toBe(false);
    expect((await server.orchestrator()).lastExit).toMatchObject({ code: 0, reason: "it was idle" });
    await server.ensure();
    expect(await server.starts()).toHaveLength(2);
    await server.say('activity {"isIdle":true}');
    await eventually("it is stopped", async () => (await server.orchestrator()).state === "stopped");
    await server.end();
    await start();
    expect((await server.orchestrator()).state).toBe("stopped");
  });

  test("is woken when something is due, also by a new server", async () => {
    await start();
    await server.ensure();
    // Its sleep may be over before anybody looks; the log keeps every move.
    const wakes = async (): Promise<number> =>
      (await server.log()).filter(({ cause }) => cause === "something is due").length;
    const sleeps = async (): Promise<number> => (await server.log()).filter(({ to }) => to === "stopped").length;
    await server.say(`activity {"isIdle":true,"nextWakeAt":${Date.now() + 1_000}}`);
    await eventually("it is woken", async () => (await wakes()) === 1);
    await server.say(`activity {"isIdle":true,"nextWakeAt":${Date.now() + 1_000}}`);
    await eventually("it sleeps", async () => (await sleeps()) === 2);
    await server.end();
    await start();
    await eventually("it is woken again", async () => (await wakes()) === 2);
    await eventually("it is awake", async () => (await server.orchestrator()).state === "ready");
  });
});

function undefinedProgram(): NonNullable<FixtureOptions["programs"]> {
  const here = new URL("fixtures/gateway.mjs", import.meta.url).pathname;
  return { gateway: here, orchestrator: "/nowhere/orchestrator.mjs" };
}

/** The nice value of a process: the nineteenth field, seventeenth behind the name. */
function niceOf(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
}
