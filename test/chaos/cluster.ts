import { setTimeout as delay } from "node:timers/promises";
import { exhaustive } from "../../src/base/exhaustive.ts";
import { type Random, randomBelow } from "../../src/base/random.ts";
import { eventually } from "../support/eventually.ts";
import { commandOf, descendantsOf, killHard } from "../support/process-tree.ts";
import { type TestAgent, type TestServer, environmentPath, startAgent, startServer } from "../support/server.ts";

// The processes under test: one server with two environments, two agents where the faults strike and one next door. What is killed here and
// would be restarted by an operator's init system (supervisor, agents), the cluster restarts itself.

export const struck = "chaos";
export const neighbour = "calm";

export const victims = ["executor", "agent", "orchestrator", "gateway", "supervisor", "server"] as const;
export type Victim = (typeof victims)[number];

/** How often the port that all share has gone down, and come back. */
export interface Outages {
  readonly begun: number;
  readonly ended: number;
}

export interface Cluster {
  server(): TestServer;
  /**
   * Looks for a process (or all of the server at once) and gives what kills it with SIGKILL and starts again what nothing else would;
   * undefined while there is none. Rejects while the server cannot be asked.
   */
  find(victim: Victim, aim: Random): Promise<(() => Promise<void>) | undefined>;
  outages(): Outages;
  remove(): Promise<void>;
}

const AGENTS = 2;
/** Longer than any fault may be felt. */
export const INSIST_MS = 120_000;

export async function startCluster(): Promise<Cluster> {
  let server = await startServer({ flags: ["--session-lease", "5s"] });
  for (const name of [struck, neighbour]) await server.api("POST", "/api/projects/default/environments", { name });
  const newAgent = async (environment: string): Promise<TestAgent> => {
    await insist({ server: () => server }, "GET", environment, "/agents"); // The fault before this one may still be felt.
    return await startAgent(server, { environment, flags: ["--executors", "2"] });
  };
  const agents = await Promise.all(Array.from({ length: AGENTS }, () => newAgent(struck)));
  const calmAgent = await newAgent(neighbour);
  let begun = 0;
  let ended = 0;

  const killAgent = async (index: number): Promise<void> => {
    await agents[index]?.stop("SIGKILL");
    agents[index] = await newAgent(struck);
  };

  const killGateway = async (pid: number): Promise<void> => {
    begun += 1;
    killHard(pid);
    const isReplaced = async (): Promise<boolean> => {
      const { gateway } = await server.processes();
      return gateway.pid !== null && gateway.pid !== pid;
    };
    // Not waited for, so that the next fault may strike meanwhile. If none comes, the load says so.
    eventually("another gateway", isReplaced, INSIST_MS).then(
      () => (ended += 1),
      () => undefined,
    );
  };

  const killServer = async (isWhole: boolean): Promise<void> => {
    const pids = isWhole ? await descendantsOf(server.pid) : [];
    begun += 1;
    for (const pid of [...pids, server.pid]) killHard(pid);
    await server.process.finished;
    server = await server.restart();
    ended += 1;
  };

  const find: Cluster["find"] = async (victim, aim) => {
    switch (victim) {
      case "executor": {
        const executors = await executorsOf(agents[randomBelow(aim, agents.length)]);
        const pid = executors[randomBelow(aim, executors.length)];
        return pid === undefined ? undefined : async () => killHard(pid);
      }
      case "agent": {
        const index = randomBelow(aim, agents.length);
        return () => killAgent(index);
      }
      case "orchestrator": {
        const { orchestrators } = await server.processes();
        const pid = orchestrators.find(({ environment }) => environment === struck)?.pid ?? null;
        return pid === null ? undefined : async () => killHard(pid);
      }
      case "gateway": {
        const { pid } = (await server.processes()).gateway;
        return pid === null ? undefined : () => killGateway(pid);
      }
      case "supervisor":
        return () => killServer(false);
      case "server":
        return () => killServer(true);
      default:
        return exhaustive(victim);
    }
  };

  return {
    server: () => server,
    find,
    outages: () => ({ begun, ended }),
    async remove() {
      await Promise.all([...agents, calmAgent].map((agent) => agent.stop()));
      await server.remove();
    },
  };
}

/** The processes in which an agent runs user code: none of the others that it starts. */
async function executorsOf(agent: TestAgent | undefined): Promise<number[]> {
  const below = agent === undefined ? [] : await descendantsOf(agent.pid);
  const commands = await Promise.all(below.map(commandOf));
  return below.filter((_, index) => commands[index]?.some((word) => word.endsWith("/dist/executor/main.js")));
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
