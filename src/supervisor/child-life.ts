import type { Clock, Ms, Timers } from "../base/clock.ts";
import type { ChildMessage } from "../protocol/supervisor-messages.ts";
import type { ProcessView } from "../protocol/views.ts";
import { type ChildProcess, type ChildProcessParts, type ChildSpec, spawnChild } from "./child-process.ts";
import { ChildVitals } from "./child-vitals.ts";
import type { Limits } from "./limits.ts";
import { sizeOf } from "./log-files.ts";
import { setOomScore } from "./process-figures.ts";

/** One process of a child, from spawn to exit, with what is known of it. */
export interface Life {
  readonly process: ChildProcess;
  /** Null when the system refused to start it. */
  readonly vitals: ChildVitals | null;
  readonly startedAt: Ms;
  /** The same moment on the monotonic clock. */
  readonly spawnedAt: Ms;
  /** Where its own lines begin in the log of the child. */
  readonly logOffset: number;
  readonly loaded: LifeListeners["loaded"];
  /** What it said of its end before it ended. */
  fatal: Extract<ChildMessage, { kind: "fatal" }> | null;
  /** What a start under way says of itself, for example `migrating 12 %`. */
  progress: string | null;
}

export interface LifeParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly limits: Limits;
  readonly deathSignal: readonly string[];
}

export interface LifeListeners extends Pick<ChildProcessParts, "onMessage" | "onNonsense" | "onExit"> {
  /** To be called once it has loaded its code, or has ended; see SpawnQueue. */
  readonly loaded: () => void;
}

/** Starts a process. It is told apart from the one before: nothing that this one says or uses is counted for another. */
export function beginLife(spec: ChildSpec, parts: LifeParts, listeners: LifeListeners): Life {
  const { clock, timers, limits, deathSignal } = parts;
  const logOffset = sizeOf(spec.logPath);
  const process = spawnChild(spec, { deathSignal, timers, ...listeners });
  const vitals = process.pid === null ? null : new ChildVitals(process.pid, clock, limits);
  if (process.pid !== null) void setOomScore(process.pid, spec.oomScore);
  const [startedAt, spawnedAt] = [clock.now(), clock.monotonic()];
  return { process, vitals, startedAt, spawnedAt, logOffset, loaded: listeners.loaded, fatal: null, progress: null };
}

/** What is shown of the process of a child; `life` is null while there is none. */
export function showLife(life: Life | null): Omit<ProcessView, "state" | "restarts" | "lastExit"> {
  const vitals = life?.vitals;
  return {
    pid: life?.process.pid ?? null,
    unresponsive: vitals?.isUnresponsive ?? false,
    progress: life?.progress ?? null,
    startedAt: life?.startedAt ?? null,
    rssBytes: vitals?.rssBytes ?? null,
    cpuPercent: vitals?.cpuPercent ?? null,
    eventLoopLagMs: vitals?.eventLoopLagMs ?? null,
  };
}
