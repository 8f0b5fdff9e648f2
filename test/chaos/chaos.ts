import { setTimeout as delay } from "node:timers/promises";
import { seededRandom } from "../../src/base/random.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { type Victim, INSIST_MS, startCluster } from "./cluster.ts";
import { startLoad } from "./load.ts";
import { startNeighbour } from "./neighbour.ts";
import { strikesOf } from "./strikes.ts";
import { findWrongs } from "./verdict.ts";
import { newWitness } from "./witness.ts";

export interface ChaosOptions {
  readonly seed: number;
  /** Goes on until both are reached. */
  readonly kills: number;
  readonly minutes: number;
  onKill?(victim: Victim, count: number): void;
}

/** The kills of one kind, and what happened from each of them to the next kill of any kind. */
export interface Struck {
  readonly kills: number;
  /** Whose function started, where the faults strike. */
  readonly executions: number;
  /** That were answered next door, and judged. */
  readonly neighbourRequests: number;
}

export interface ChaosReport {
  readonly struck: Readonly<Record<Victim, Struck>>;
  readonly runs: number;
  /** Whose function started. */
  readonly executions: number;
  /** Requests next door that had to succeed, and those during which the port that all share was down. */
  readonly neighbour: { readonly judged: number; readonly notJudged: number };
  /** Sentences that say what is wrong; empty when every promise was kept. */
  readonly wrongs: readonly string[];
}

/** Load, faults at random moments, then quiet, then the verdict. The seed decides who is struck and when, not what the machine does. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const aim = seededRandom(options.seed + 1); // Not that of the strikes: how often it is asked depends on who is there.
  const directory = await temporaryDirectory();
  const witness = await newWitness(`${directory.path}/witness`);
  const cluster = await startCluster();
  const load = startLoad(cluster, witness.path, options.seed);
  const calm = startNeighbour(cluster);
  const none: Struck = { kills: 0, executions: 0, neighbourRequests: 0 };
  const struck = { executor: none, agent: none, orchestrator: none, gateway: none, supervisor: none, server: none };
  const end = performance.now() + options.minutes * 60_000;
  let count = 0;

  const happened = async () => ({
    executions: (await witness.read()).length,
    neighbourRequests: calm.requests().judged,
  });

  try {
    for (const { victim, pauseMs, isFollowedByWork } of strikesOf(seededRandom(options.seed))) {
      if (count >= options.kills && performance.now() >= end) break;
      const strike = await eventually(`a ${victim} to kill`, () => cluster.find(victim, aim), INSIST_MS);
      const before = await happened();
      const since = async () => {
        const now = await happened();
        const executions = now.executions - before.executions;
        return { executions, neighbourRequests: now.neighbourRequests - before.neighbourRequests };
      };
      await strike();
      count += 1;
      options.onKill?.(victim, count);
      await delay(pauseMs);
      const goesOn = async (): Promise<boolean> => Object.values(await since()).every((number) => number > 0);
      if (isFollowedByWork) await eventually(`work after the kill of: ${victim}`, goesOn, INSIST_MS);
      struck[victim] = sum(struck[victim], { kills: 1, ...(await since()) });
    }
    await load.finish();
    await calm.stop();
    const executions = await witness.read();
    const wrongs = [
      ...(await findWrongs(cluster, load.acknowledged, executions, calm.runs)),
      ...calm.failures.map((failure) => `next door: ${failure}`),
    ];
    if (wrongs.length === 0) await directory.remove();
    const runs = load.acknowledged.length;
    return { struck, runs, executions: executions.length, neighbour: calm.requests(), wrongs };
  } finally {
    await calm.stop();
    await cluster.remove();
  }
}

function sum(a: Struck, b: Struck): Struck {
  return {
    kills: a.kills + b.kills,
    executions: a.executions + b.executions,
    neighbourRequests: a.neighbourRequests + b.neighbourRequests,
  };
}
