import type { Cancel, Ms, Timers } from "../base/clock.ts";
import { type AgentExitCode, agentExitCodes } from "../protocol/agent-run.ts";
import { FAREWELL_MS } from "./limits.ts";

// When and how an agent leaves.
//
//   staying --drain--> draining --done--> left (0)
//      |                  | abort, or time over
//      +-----abort--------+--> aborting --done, or time over--> left (130)

export interface DepartureParts {
  readonly timers: Timers;
  readonly drainTimeoutMs: Ms;
  /** Nothing runs any more, and the server knows of every end. */
  isDone(): boolean;
  /** Nothing fresh is to come: only what runs, and what that waits for, is finished. */
  onDrain(): void;
  /** Everything has to stop. */
  onAbort(): void;
  /** Called once. */
  onLeave(code: AgentExitCode): void;
}

export interface Departure {
  isLeaving(): boolean;
  hasLeft(): boolean;
  drain(): void;
  abort(): void;
  /** Leaves if that was wished and nothing is left to do. */
  leaveIfDone(): void;
  /** Leaves in any case. */
  leave(code: AgentExitCode): void;
}

export function createDeparture(parts: DepartureParts): Departure {
  let state: "staying" | "draining" | "aborting" | "left" = "staying";
  let cancelDeadline: Cancel = () => undefined;

  const leave = (code: AgentExitCode): void => {
    if (state === "left") return;
    state = "left";
    cancelDeadline();
    parts.onLeave(code);
  };

  const leaveIfDone = (): void => {
    if (state === "staying" || !parts.isDone()) return;
    leave(state === "draining" ? agentExitCodes.drained : agentExitCodes.aborted);
  };

  const abort = (): void => {
    if (state === "aborting" || state === "left") return;
    state = "aborting";
    cancelDeadline();
    cancelDeadline = parts.timers.after(FAREWELL_MS, () => leave(agentExitCodes.aborted));
    parts.onAbort();
    leaveIfDone();
  };

  return {
    isLeaving: () => state !== "staying",
    hasLeft: () => state === "left",
    drain() {
      if (state !== "staying") return;
      state = "draining";
      cancelDeadline = parts.timers.after(parts.drainTimeoutMs, abort);
      parts.onDrain();
      leaveIfDone();
    },
    abort,
    leaveIfDone,
    leave,
  };
}
