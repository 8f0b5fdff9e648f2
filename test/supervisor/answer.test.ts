import { afterEach, beforeEach, expect, test } from "vitest";
import { createChanges } from "../../src/base/changes.ts";
import { createLog } from "../../src/process/log.ts";
import { realClock, realRandom, realTimers } from "../../src/process/real-clock.ts";
import { defaultLimits } from "../../src/supervisor/limits.ts";
import { Orchestrators } from "../../src/supervisor/orchestrators.ts";
import { type Registry, openRegistry } from "../../src/supervisor/registry.ts";
import { type RequestParts, answer } from "../../src/supervisor/requests.ts";
import { createSpawnQueue } from "../../src/supervisor/spawn-queue.ts";
import { openLog, readEnd } from "../../src/supervisor/log-files.ts";
import { temporaryDirectory } from "../support/temporary.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

/** What requests are answered with: a registry, and orchestrators none of which can be started. */
function openParts(logPath: string): { parts: RequestParts; registry: Registry; orchestrators: Orchestrators } {
  const log = createLog({ process: "supervisor" }, openLog(logPath));
  const registry = openRegistry(`${directory.path}/registry.db`);
  if (!registry.ok) throw new Error(registry.error);
  const children = {
    clock: realClock,
    timers: realTimers,
    random: realRandom,
    limits: defaultLimits,
    log,
    spawns: createSpawnQueue(1, 1_000, realTimers),
    changes: createChanges(realTimers),
    deathSignal: [],
  };
  const never = (): never => {
    throw new Error("nobody asks for this");
  };
  const orchestrators = new Orchestrators({ ...children, registry: registry.value, specOf: never, onChange: never });
  const parts: RequestParts = {
    registry: registry.value,
    orchestrators,
    dataDirectory: directory.path,
    clock: realClock,
    log,
    socketPath: never,
    processes: never,
    announce: () => undefined,
  };
  return { parts, registry: registry.value, orchestrators };
}

test("a request that fails inside is answered, told in the log, and ends nothing", async () => {
  const logPath = `${directory.path}/server.log`;
  const { parts, registry } = openParts(logPath);
  expect(await answer(parts, "list-projects", {})).toMatchObject({ ok: true });
  registry.close(); // A bug, say.
  expect(await answer(parts, "list-projects", {})).toMatchObject({ ok: false, error: { code: "internal" } });
  expect(readEnd(logPath, 0, 10_000)).toContain("database connection is not open");
});

test("an environment that is archived while the server stops is archived, and no process is started for that any more", async () => {
  const { parts, orchestrators } = openParts(`${directory.path}/server.log`);
  const development = { project: "default", environment: "development" };
  orchestrators.close();
  expect(await answer(parts, "archive-environment", development)).toEqual({ ok: true, value: null });
  expect(await answer(parts, "show-environment", development)).toMatchObject({ value: { state: "archived" } });
});
