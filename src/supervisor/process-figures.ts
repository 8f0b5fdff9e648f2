import { readFile, readdir, writeFile } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import type { Ms } from "../base/clock.ts";

// What the system tells of a process. Only Linux tells it in files; elsewhere the figures are null and the limits that need them do not act.

export interface ProcessFigures {
  readonly rssBytes: number;
  /** CPU time used so far, of all its threads. */
  readonly cpuMs: Ms;
  /** How long its main thread was ready to run so far, and others ran; 0 where the system does not count that. */
  readonly queuedMs: Ms;
  /** Stopped by a signal (SIGSTOP, a debugger): silent without being at fault. */
  readonly isStopped: boolean;
}

/** Clock ticks of /proc are hundredths of a second on every architecture that Node runs on. */
const TICK_MS = 10;

const NS_PER_MS = 1_000_000;

export async function readFigures(pid: number): Promise<ProcessFigures | null> {
  const files = ["stat", "status", "schedstat"].map((file) => readProc(pid, file));
  const [stat = "", status = "", schedule = ""] = await Promise.all(files);
  const rssKb = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  // The name stands in brackets and may hold anything; the fields behind it are counted from its end.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (rssKb === undefined || state === undefined) return null;
  const userTicks = Number(rest[10]);
  const systemTicks = Number(rest[11]);
  return {
    rssBytes: Number(rssKb) * 1_024,
    cpuMs: (userTicks + systemTicks) * TICK_MS,
    queuedMs: Number(schedule.split(" ")[1] ?? 0) / NS_PER_MS,
    isStopped: state === "T" || state === "t",
  };
}

/** Lets every thread of a process give way to others, as far as this user may. */
export async function lowerPriority(pid: number, nice: number): Promise<void> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [String(pid)]);
  for (const thread of threads) {
    try {
      setPriority(Number(thread), Math.min(nice, constants.priority.PRIORITY_LOW));
    } catch {
      // The thread has ended, or it may not be changed: then it keeps its priority.
    }
  }
}

/** Says how soon the system should end this process when memory is short. Raising it is always allowed. */
export async function setOomScore(pid: number, score: number): Promise<void> {
  await writeFile(`/proc/${pid}/oom_score_adj`, String(score)).catch(() => undefined);
}

function readProc(pid: number, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
}
