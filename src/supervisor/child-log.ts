import type { Ms, Timers } from "../base/clock.ts";
import type { Log } from "../process/log.ts";
import type { ChildSpec, ProcessExit } from "./child-process.ts";
import type { ChildPhase } from "./child-state.ts";
import type { ChildVitals } from "./child-vitals.ts";
import { captureStack } from "./stack-capture.ts";

// What the log says of a child.

/** How a process ended. */
export interface End extends Pick<ProcessExit, "code" | "signal"> {
  /** What it had said last. */
  readonly lastWords: string;
}

/** A change of a child's phase. */
export interface PhaseChange {
  readonly from: ChildPhase;
  readonly to: ChildPhase;
  /** Monotonic. */
  readonly at: Ms;
  readonly cause: string;
  readonly childPid: number | null;
  /** How long its process has been there. */
  readonly ageMs: Ms;
  /** The end of its process, where that is what changed the phase. */
  readonly end: End | null;
}

/** Every change with its cause; what a person should hear of is more than a debug line. */
export function logPhaseChange(log: Log, name: string, change: PhaseChange): void {
  const { from, to, at, cause, childPid, end } = change;
  const fields = { from: from.kind, to: to.kind, cause, childPid, ...endFields(change) };
  if (to.kind === "quarantined") {
    return log.error(fields, `${name} is in quarantine because ${to.reason}; the last end: ${cause}`);
  }
  if (to.kind === "stopped") return log.info(fields, `${name} has stopped: ${cause}`);
  if (to.kind === "ready") {
    const tookMs = Math.round(change.ageMs);
    return log.info({ ...fields, epoch: to.epoch, tookMs }, `${name} is ready (${tookMs} ms)`);
  }
  const isUnwanted = end !== null && !(from.kind === "stopping" && from.next === "start");
  if (!isUnwanted) return log.debug(fields, `${name} is ${to.kind}: ${cause}`);
  const delayMs = to.kind === "backoff" ? to.endsAt - at : 0;
  const next = delayMs === 0 ? "a new process starts now" : `a new process starts in ${seconds(delayMs)}`;
  log.warn({ ...fields, delayMs }, `${name} has ended: ${cause}; ${next}`);
}

function endFields({ to, end }: PhaseChange): object {
  if (end === null) return {};
  const { code, signal, lastWords } = end;
  const wasInOrder = to.kind === "stopped" && code === 0;
  return { code, signal, ...(wasInOrder ? {} : { lastWords }) };
}

/** A child has fallen silent: says so, and where it hangs, as far as that is to be found out. */
export async function logHang(log: Log, spec: ChildSpec, vitals: ChildVitals, timers: Timers): Promise<void> {
  const { name, logPath } = spec;
  const { pid: childPid, silenceMs } = vitals;
  log.warn({ childPid, silenceMs }, `${name} is unresponsive: silent for ${seconds(silenceMs)}`);
  await vitals.sample(null);
  if (vitals.isStopped) return log.warn({ childPid }, `${name} was stopped by a signal`);
  const stack = await captureStack(childPid, logPath, timers);
  if (stack === null) return log.warn({ childPid }, `${name} does not tell where it hangs`);
  log.warn({ childPid, stack }, `${name} hangs in ${stack[0] ?? "an empty stack"}`);
}

export function seconds(ms: Ms): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
