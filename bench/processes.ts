import { readFile } from "node:fs/promises";
import { descendantsOf } from "../test/support/process-tree.ts";
import type { Stage } from "./stage.ts";
import { environment } from "./stage.ts";

// What the kernel says about the processes of the stage (Linux).

const CLOCK_TICKS_PER_SECOND = 100;

export interface Pids {
  readonly supervisor: number;
  readonly gateway: number;
  readonly orchestrator: number;
  readonly agent: number;
  readonly executors: readonly number[];
}

export async function pidsOf({ server, agent }: Stage): Promise<Pids> {
  const { supervisor, gateway, orchestrators } = await server.processes();
  const orchestrator = orchestrators.find((one) => one.environment === environment);
  if (typeof gateway.pid !== "number" || typeof orchestrator?.pid !== "number") throw new Error("the server is not up");
  const executors = await descendantsOf(agent.pid);
  return {
    supervisor: supervisor.pid,
    gateway: gateway.pid,
    orchestrator: orchestrator.pid,
    agent: agent.pid,
    executors,
  };
}

/** User and system time that a process has used so far, in milliseconds. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / CLOCK_TICKS_PER_SECOND;
}

/** CPU time so far: of the server (supervisor, gateway, orchestrator), of its two parts that work, and of the agent's side. */
export interface CpuMs {
  readonly server: number;
  readonly orchestrator: number;
  readonly gateway: number;
  readonly agent: number;
  readonly executors: number;
}

export async function cpuMsOf(pids: Pids): Promise<CpuMs> {
  const [supervisor, gateway, orchestrator, agent] = await Promise.all([
    cpuMs(pids.supervisor),
    cpuMs(pids.gateway),
    cpuMs(pids.orchestrator),
    cpuMs(pids.agent),
  ]);
  const executors = (await Promise.all(pids.executors.map(cpuMs))).reduce((sum, ms) => sum + ms, 0);
  return { server: supervisor + gateway + orchestrator, orchestrator, gateway, agent, executors };
}

export interface Memory {
  readonly rssMb: number;
  readonly privateMb: number;
}

export async function memoryOf(pid: number): Promise<Memory> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
  return {
    rssMb: kilobytes("Rss") / 1_024,
    privateMb: (kilobytes("Private_Clean") + kilobytes("Private_Dirty")) / 1_024,
  };
}
