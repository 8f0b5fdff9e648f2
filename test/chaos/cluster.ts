import { setTimeout as delay } from "node:timers/promises";
import { descendantsOf, killHard } from "../support/process-tree.ts";
import { type TestAgent, type TestServer, environmentPath, startAgent, startServer } from "../support/server.ts";

// The processes under test: one server with two environments, two agents where the faults strike and one next door. What is killed here and
// would be restarted by an operator's init system (supervisor, agents), the cluster restarts itself.

export const struck = "chaos";
export const neighbour = "calm";

export const victims = ["executor", "agent", "orchestrator", "gateway", "supervisor", "server"] as const;
export type Victim = (typeof victims)[number];

export interface Cluster {
  server(): TestServer;
  /** Kills one process (or all of the server at once) with SIGKILL; true if there was one to kill. */
  kill(victim: Victim, chance: () => number): Promise<boolean>;
  /** True while requests of the neighbour may fail: the gateway all share is gone or coming back. */
  isPublicPortDown(): boolean;
  remove(): Promise<void>;
}

const AGENTS = 2;
/** Longer than any fault may be felt. */
const INSIST_MS = 120_000;

export async function startCluster(): Promise<Cluster> {
  let server = await startServer({ flags: ["--session-lease", "5s"] });
  for (const name of [struck, neighbour]) await server.api("POST", "/api/projects/default/environments", { name });
  const newAgent = async (environment: string): Promise<TestAgent> => {
    await insist({ server: () => server }, "GET", environment, "/agents"); // The fault before this one may still be felt.
    return await startAgent(server, { environment, flags: ["--executors", "2"] });
  };
  const agents = await Promise.all(Array.from({ length: AGENTS }, () => newAgent(struck)));
  const calmAgent = await newAgent(neighbour);
  let publicPortDownUntil = 0;

  const pick = <T>(members: readonly T[], chance: () => number): T | undefined =>
    members[Math.floor(chance() * members.length)];

  const killServer = async (pids: readonly number[]): Promise<void> => {
    publicPortDownUntil = Infinity;
    for (const pid of pids) killHard(pid);
    await server.process.finished;
    server = await server.restart();
    publicPortDownUntil = performance.now() + 2_000;
  };

  const kill = async (victim: Victim, chance: () => number): Promise<boolean> => {
    switch (victim) {
      case "executor": {
        const pid = pick(await descendantsOf(pick(agents, chance)?.pid ?? 0), chance);
        if (pid !== undefined) killHard(pid);
        return pid !== undefined;
      }
      case "agent": {
        const index = Math.floor(chance() * agents.length);
        await agents[index]?.stop("SIGKILL");
        agents[index] = await newAgent(struck);
        return true;
      }
      case "orchestrator": {
        const { orchestrators } = await server.processes();
        const pid = orchestrators.find(({ environment }) => environment === struck)?.pid ?? undefined;
        if (pid !== undefined) killHard(pid);
        return pid !== undefined;
      }
      case "gateway": {
        const { gateway } = await server.processes();
        if (gateway.pid === null) return false;
        publicPortDownUntil = performance.now() + 3_000;
        killHard(gateway.pid);
        return true;
      }
      case "supervisor":
        await killServer([server.pid]);
        return true;
      case "server":
        await killServer([...(await descendantsOf(server.pid)), server.pid]);
        return true;
    }
  };

  return {
    server: () => server,
    kill,
    isPublicPortDown: () => performance.now() < publicPortDownUntil,
    async remove() {
      await Promise.all([...agents, calmAgent].map((agent) => agent.stop()));
      await server.remove();
    },
  };
}

/** A request that is repeated until it is answered by something other than a failure that passes. The path is below `E` of the environment. */
export async function insist<T>(
  cluster: Pick<Cluster, "server">,
  method: string,
  environment: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const end = performance.now() + INSIST_MS;
  for (;;) {
    const answer = await cluster
      .server()
      .api<T>(method, `${environmentPath(environment)}${path}`, body)
      .catch(() => undefined); // The connection broke: a fault struck.
    if (answer !== undefined && answer.status < 300) return answer.body;
    if ((answer !== undefined && answer.status !== 503) || performance.now() > end)
      throw new Error(`${method} ${path}: ${answer?.status} ${JSON.stringify(answer?.body)}`);
    await delay(50);
  }
}
