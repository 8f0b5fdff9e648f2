import { setTimeout as delay } from "node:timers/promises";
import { seededRandom } from "../../src/base/random.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { type Victim, startCluster, victims } from "./cluster.ts";
import { startLoad } from "./load.ts";
import { startNeighbour } from "./neighbour.ts";
import { findWrongs, startedExecutions } from "./verdict.ts";

export interface ChaosOptions {
  readonly seed: number;
  /** Goes on until both are reached. */
  readonly kills: number;
  readonly minutes: number;
  onKill?(victim: Victim, count: number): void;
}

export interface ChaosReport {
  readonly kills: Readonly<Record<Victim, number>>;
  readonly runs: number;
  /** Whose function started. */
  readonly executions: number;
  readonly neighbourRequests: number;
  /** Sentences that say what is wrong; empty when every promise was kept. */
  readonly wrongs: readonly string[];
}

const PAUSE_LEAST_MS = 20;
const PAUSE_MOST_MS = 400;

/** Load, faults at random moments, then quiet, then the verdict. The seed decides who is struck and when, not what the machine does. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const random = seededRandom(options.seed);
  const chance = (): number => random.next();
  const directory = await temporaryDirectory();
  const witness = `${directory.path}/witness`;
  const cluster = await startCluster();
  const load = startLoad(cluster, witness, options.seed);
  const calm = startNeighbour(cluster);
  const kills = { executor: 0, agent: 0, orchestrator: 0, gateway: 0, supervisor: 0, server: 0 };
  const end = performance.now() + options.minutes * 60_000;
  try {
    for (let count = 0; count < options.kills || performance.now() < end;) {
      await delay(PAUSE_LEAST_MS + chance() * (PAUSE_MOST_MS - PAUSE_LEAST_MS));
      const victim = victims[Math.floor(chance() * victims.length)] ?? "executor";
      if (!(await cluster.kill(victim, chance).catch(() => false))) continue; // Nobody to kill: it is still down from the last time.
      kills[victim] += 1;
      count += 1;
      options.onKill?.(victim, count);
    }
    await load.finish();
    await calm.stop();
    const wrongs = [
      ...(await findWrongs(cluster, load.acknowledged, witness)),
      ...calm.failures.map((failure) => `next door: ${failure}`),
    ];
    const executions = (await startedExecutions(witness)).length;
    if (wrongs.length === 0) await directory.remove();
    return { kills, runs: load.acknowledged.length, executions, neighbourRequests: calm.requests(), wrongs };
  } finally {
    await calm.stop();
    await cluster.remove();
  }
}
