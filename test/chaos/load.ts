import { type Cluster, insist, struck } from "./cluster.ts";

// The load under the faults: lanes that start runs with idempotency keys and read every result, and remember what was acknowledged.

export interface Acknowledged {
  readonly run: string;
  /** The result as it was first told; undefined until then. */
  result: Readonly<Record<string, unknown>> | undefined;
}

export interface Load {
  readonly acknowledged: readonly Acknowledged[];
  /** Starts no more runs; resolves when every lane has the result of its last. */
  finish(): Promise<void>;
}

const LANES = 12;
export const STEPS_PER_RUN = 4;
const WORK_MS = 5;

export function startLoad(cluster: Cluster, witness: string, seed: number): Load {
  const acknowledged: Acknowledged[] = [];
  let isFinishing = false;
  let started = 0;

  const lane = async (): Promise<void> => {
    while (!isFinishing) {
      const idempotencyKey = `${seed}-${started++}`;
      const body = { target: "flows/marked", arguments: [witness, STEPS_PER_RUN, WORK_MS], idempotencyKey };
      const { runId } = await insist<{ runId: string }>(cluster, "POST", struck, "/runs", body);
      const entry: Acknowledged = { run: runId, result: undefined };
      acknowledged.push(entry);
      entry.result = await resultOf(cluster, runId);
    }
  };

  const lanes = Promise.all(Array.from({ length: LANES }, lane));
  lanes.catch(() => undefined); // Told by `finish`.
  return {
    acknowledged,
    async finish() {
      isFinishing = true;
      await lanes;
    },
  };
}

export async function resultOf(cluster: Cluster, run: string): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    const result = await insist<Record<string, unknown>>(cluster, "GET", struck, `/runs/${run}/result?waitMs=5000`);
    if (result["status"] !== "pending") return result;
  }
}
