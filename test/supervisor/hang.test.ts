import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { killHard } from "../support/process-tree.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { FixtureServer, type Orchestrator } from "./fixture-server.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let server: FixtureServer;

/** The watchdog of a server, ten times as quick. */
const quick = { pingMs: 100, stallMs: 100, softSilenceMs: 500, hardSilenceMs: 2_000 };

vi.setConfig({ testTimeout: 30_000 });

beforeEach(async () => {
  directory = await temporaryDirectory();
  server = await FixtureServer.start({ dataDirectory: `${directory.path}/data`, limits: quick });
});
afterEach(async () => {
  await server.end();
  await directory.remove();
});

const unresponsive = (): Promise<Orchestrator> =>
  eventually("it is unresponsive", async () => {
    const one = await server.orchestrator();
    return one.unresponsive && one;
  });

const replaced = (pid: number): Promise<Orchestrator> =>
  eventually("a new one is ready", async () => {
    const one = await server.orchestrator();
    return one.state === "ready" && one.pid !== pid && one;
  });

describe("a child that hangs", () => {
  test("in a loop is called unresponsive, tells where it hangs, is killed and replaced; its neighbour does not notice", async () => {
    await server.create("neighbour");
    const neighbour = await server.ensure("neighbour");
    const pid = await server.ensure();
    await server.say("spin");
    expect((await unresponsive()).pid).toBe(pid);
    const after = await replaced(pid);
    expect(after.lastExit).toMatchObject({ signal: "SIGKILL", reason: expect.stringContaining("hung") });
    const stack = (await server.log()).find((line) => line["stack"] !== undefined)?.["stack"];
    expect(stack).toEqual(expect.arrayContaining([expect.stringMatching(/^spinForever .*orchestrator\.mjs:\d+:\d+$/)]));
    expect(await server.orchestrator("neighbour")).toMatchObject({ pid: neighbour, restarts: 0, unresponsive: false });
  });

  test("stopped by a signal is called unresponsive, and responds again when it goes on; the gateway hears of both", async () => {
    const pid = await server.ensure();
    killHard(pid, "SIGSTOP");
    await unresponsive();
    killHard(pid, "SIGCONT");
    await eventually("it responds", async () => !(await server.orchestrator()).unresponsive);
    const heard: { readonly isUnresponsive: boolean }[] = JSON.parse(await (await fetch(`${server.url}/heard`)).text());
    expect(heard.slice(-3).map(({ isUnresponsive }) => isUnresponsive)).toEqual([false, true, false]);
    expect(await server.orchestrator()).toMatchObject({ pid, restarts: 0 });
    expect(server.stderr).toContain("default/development responds again");
  });

  test("stopped by a signal for too long is killed and replaced", async () => {
    const pid = await server.ensure();
    killHard(pid, "SIGSTOP");
    expect((await replaced(pid)).lastExit?.reason).toContain("hung");
  });
});

test("a stall of the supervisor itself kills nobody", async () => {
  const pid = await server.ensure();
  killHard(server.pid, "SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, 2 * quick.hardSilenceMs)); // Nothing announces that time has passed.
  killHard(server.pid, "SIGCONT");
  const before = (await server.log()).length;
  await eventually("it has looked again", async () => (await server.orchestrator()).eventLoopLagMs !== null);
  expect(await server.orchestrator()).toMatchObject({ pid, state: "ready", restarts: 0, unresponsive: false });
  expect((await server.log()).slice(before)).toEqual([]);
});
