import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { BenchClient } from "./client.ts";
import { pidsOf } from "./processes.ts";
import type { Stage } from "./stage.ts";

// What a crash costs: chains of steps that write a line each, while the orchestrator is killed.

const CHAINS = 16;
const CHAIN_LENGTH = 800;
const KILLS = 2;
const BETWEEN_KILLS_MS = 800;

export interface Outage {
  /** Between two steps that started one after the other, of all chains together. */
  readonly longestSilenceMs: number;
  readonly steps: number;
  /** Executions that started more than once, and steps that never started. */
  readonly startedTwice: number;
  readonly missing: number;
}

/** SIGKILLs the orchestrator KILLS times under load, BETWEEN_KILLS_MS apart, and looks at what the steps wrote. */
export async function measureOutage(stage: Stage, client: BenchClient): Promise<Outage> {
  const directory = await mkdtemp(join(tmpdir(), "coflux-outage-"));
  try {
    const path = join(directory, "started");
    const chains = Array.from({ length: CHAINS }, async () =>
      client.finish(await client.submit("markedChain", [path, CHAIN_LENGTH])),
    );
    const kills = killOrchestrator(stage);
    const statuses = await Promise.all(chains);
    const endedAt = Date.now();
    if (endedAt < (await kills)) throw new Error("the chains had ended before the last kill");
    if (statuses.some((status) => status !== "succeeded")) throw new Error(`chains ended as ${statuses.join(", ")}`);
    return read(await readFile(path, "utf8"));
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Returns when the last kill was. */
async function killOrchestrator(stage: Stage): Promise<number> {
  for (let kill = 0; kill < KILLS; kill++) {
    await delay(BETWEEN_KILLS_MS);
    process.kill((await pidsOf(stage)).orchestrator, "SIGKILL");
  }
  return Date.now();
}

function read(text: string): Outage {
  const lines = text
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
  const times = lines.map(([at]) => Number(at)).toSorted((a, b) => a - b);
  const silences = times.slice(1).map((at, index) => at - (times[index] ?? at));
  const distinct = new Set(lines.map(([, execution]) => execution)).size;
  return {
    longestSilenceMs: Math.max(...silences),
    steps: CHAINS * CHAIN_LENGTH,
    startedTwice: lines.length - distinct,
    missing: CHAINS * CHAIN_LENGTH - distinct,
  };
}
