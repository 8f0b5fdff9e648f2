import { setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";
import { type Cluster, type Outages, neighbour } from "./cluster.ts";
import { environmentPath } from "../support/server.ts";

export interface Neighbour {
  /** What went wrong next door with the requests that are judged. */
  readonly failures: readonly string[];
  /** All that were started there: no fault strikes them, and each has its result in the end. */
  readonly runs: readonly string[];
  /** Those that must succeed, and those during which the port that all share was down, be it for a moment. */
  requests(): { readonly judged: number; readonly notJudged: number };
  stop(): Promise<void>;
}

type Body = Readonly<Record<string, unknown>>;

const PAUSE_MS = 25;
/** What each run gives. */
export const NEIGHBOURS_VALUE = 3;

/** Works in the environment next door all the time, and takes down every request that fails there. */
export function startNeighbour(cluster: Cluster): Neighbour {
  const failures: string[] = [];
  const runs: string[] = [];
  const requests = { judged: 0, notJudged: 0 };
  let isStopping = false;

  /** Whether the port has been up from then to now. */
  const wasUpSince = ({ begun, ended }: Outages): boolean => begun === ended && begun === cluster.outages().begun;

  const request = async (method: string, path: string, body?: unknown): Promise<Body | undefined> => {
    const atStart = cluster.outages();
    const answer = await cluster
      .server()
      .api<Body>(method, `${environmentPath(neighbour)}${path}`, body)
      .catch((error: unknown) => ({ status: undefined, body: { error: inspect(error) } }));
    const isGood = answer.status !== undefined && answer.status < 300;
    if (wasUpSince(atStart)) {
      requests.judged += 1;
      if (!isGood) failures.push(`${method} ${path}: ${answer.status ?? ""} ${JSON.stringify(answer.body)}`);
    } else requests.notJudged += 1;
    return isGood ? answer.body : undefined;
  };

  const runOnce = async (): Promise<void> => {
    const started = await request("POST", "/runs", { target: "flows/sum", arguments: [1, 2] });
    if (started === undefined) return;
    const run = String(started["runId"]);
    runs.push(run);
    await request("GET", `/runs/${run}/result?waitMs=2000`);
  };

  const working = (async () => {
    while (!isStopping) {
      await runOnce();
      await delay(PAUSE_MS);
    }
  })();

  return {
    failures,
    runs,
    requests: () => ({ ...requests }),
    async stop() {
      isStopping = true;
      await working;
    },
  };
}
