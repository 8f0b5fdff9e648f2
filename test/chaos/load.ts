import { setTimeout as delay } from "node:timers/promises";
import { type Cluster, INSIST_MS, insist, struck } from "./cluster.ts";

// The load under the faults: lanes that start runs with idempotency keys and read every result, and remember what was acknowledged.

export interface Acknowledged {
  readonly run: string;
  /** The result as it was first told; undefined until then. */
  result: Readonly<Record<string, unknown>> | undefined;
}

export interface Load {
  readonly acknowledged: readonly Acknowledged[];
  /** Starts no more runs; resolves when there is the result of each. */
  finish(): Promise<void>;
}

const LANES = 12;
export const STEPS_PER_RUN = 4;
const WORK_MS = 5;
/** What ran on an agent that was killed is given up only when its lease is over. The lane goes on meanwhile, or soon none would. */
const PATIENCE_MS = 1_000;
/** A wait that is much longer than the time between two faults is never answered. */
const WAIT_MS = 500;
/** Between two looks at a run that is still pending: there may be hundreds. */
const LOOK_AGAIN_MS = 2_000;

export function startLoad(cluster: Cluster, witness: string, seed: number): Load {
  const acknowledged: Acknowledged[] = [];
  const readings: Promise<void>[] = [];
  let isFinishing = false;
  let isGivenUp = (): boolean => false;
  let started = 0;

  const lane = async (): Promise<void> => {
    while (!isFinishing) {
      const idempotencyKey = `${seed}-${started++}`;
      const body = { target: "flows/marked", arguments: [witness, STEPS_PER_RUN, WORK_MS], idempotencyKey };
      const { runId } = await insist<{ runId: string }>(cluster, "POST", struck, "/runs", body);
      const entry: Acknowledged = { run: runId, result: undefined };
      acknowledged.push(entry);
      const reading = readResult(entry);
      reading.catch(() => undefined); // Told by `finish`, like that of a lane.
      readings.push(reading);
      await Promise.race([reading, delay(PATIENCE_MS)]);
    }
  };

  const readResult = async (entry: Acknowledged): Promise<void> => {
    entry.result = await resultOf(cluster, entry.run, struck, () => isGivenUp());
  };

  const lanes = Promise.all(Array.from({ length: LANES }, lane));
  lanes.catch(() => undefined); // Told by `finish`.
  return {
    acknowledged,
    async finish() {
      isFinishing = true;
      isGivenUp = afterQuiet();
      await lanes;
      await Promise.all(readings);
    },
  };
}

/** Pending only when it was given up. What runs on a lost session is given up by the server only when a lease passes between two faults. */
export async function resultOf(
  cluster: Cluster,
  run: string,
  environment: string,
  isGivenUp: () => boolean,
): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    const path = `/runs/${run}/result?waitMs=${WAIT_MS}`;
    const result = await insist<Record<string, unknown>>(cluster, "GET", environment, path);
    if (result["status"] !== "pending" || isGivenUp()) return result;
    await delay(LOOK_AGAIN_MS);
  }
}

/** From now on, long enough for whatever the faults have left. */
export function afterQuiet(): () => boolean {
  const end = performance.now() + INSIST_MS;
  return () => performance.now() > end;
}
