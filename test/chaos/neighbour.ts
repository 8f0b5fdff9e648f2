import { setTimeout as delay } from "node:timers/promises";
import { type Cluster, neighbour } from "./cluster.ts";
import { environmentPath } from "../support/server.ts";

export interface Neighbour {
  /** What went wrong next door while the port that all share was up. */
  readonly failures: readonly string[];
  readonly requests: () => number;
  stop(): Promise<void>;
}

const PAUSE_MS = 25;

/** Works in the environment next door all the time, and takes down every request that fails there. */
export function startNeighbour(cluster: Cluster): Neighbour {
  const failures: string[] = [];
  let requests = 0;
  let isStopping = false;

  const request = async (
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Record<string, unknown> | undefined> => {
    const wasDown = cluster.isPublicPortDown();
    requests += 1;
    try {
      const answer = await cluster
        .server()
        .api<Record<string, unknown>>(method, `${environmentPath(neighbour)}${path}`, body);
      if (answer.status < 300) return answer.body;
      if (!wasDown && !cluster.isPublicPortDown())
        failures.push(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    } catch (error) {
      if (!wasDown && !cluster.isPublicPortDown()) failures.push(`${method} ${path}: ${String(error)}`);
    }
    return undefined;
  };

  const working = (async () => {
    while (!isStopping) {
      const started = await request("POST", "/runs", { target: "flows/sum", arguments: [1, 2] });
      if (started !== undefined) await request("GET", `/runs/${String(started["runId"])}/result?waitMs=2000`);
      await delay(PAUSE_MS);
    }
  })();

  return {
    failures,
    requests: () => requests,
    async stop() {
      isStopping = true;
      await working;
    },
  };
}
