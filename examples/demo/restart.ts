import { type DemoServer, waitUntil } from "./processes.ts";

export interface Restart {
  readonly killedPid: number;
  readonly newPid: number;
  /** From the signal until the new process was ready. */
  readonly downMs: number;
}

/** Kills the orchestrator of an environment with SIGKILL and waits until the supervisor has a new one ready. */
export async function killOrchestrator(server: DemoServer, environment: string): Promise<Restart> {
  const pidOf = async (): Promise<number | null> => {
    const { orchestrators } = await server.processes();
    const found = orchestrators.find((orchestrator) => orchestrator.environment === environment);
    return found?.state === "ready" ? found.pid : null;
  };
  const killedPid = await pidOf();
  if (killedPid === null) throw new Error(`no orchestrator runs for ${environment}`);
  const killedAt = performance.now();
  process.kill(killedPid, "SIGKILL");
  let newPid: number | null = null;
  await waitUntil(`the orchestrator of ${environment} comes back`, async () => {
    newPid = await pidOf();
    return newPid !== null && newPid !== killedPid;
  });
  return { killedPid, newPid: newPid ?? 0, downMs: Math.round(performance.now() - killedAt) };
}
