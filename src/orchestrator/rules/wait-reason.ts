import type { Ms } from "../../base/clock.ts";
import type { ExecutionStatus } from "../../protocol/views.ts";
import type { WaitReason } from "../../protocol/wait-reason.ts";

/** What decides whether an execution goes on: the same rows that assign it. */
export interface WaitFacts {
  readonly status: ExecutionStatus;
  readonly attempt: number;
  readonly dueAt: Ms;
  /** Path of its target. */
  readonly target: string;
  /** Whether another execution waits for it: then it may go to a session that holds as many waiting ones as it may. */
  readonly isAwaited: boolean;
  /** The executions it waits for itself. */
  readonly awaits: readonly string[];
  readonly isPaused: boolean;
  /** Connected sessions that host its target. */
  readonly hosts: readonly HostFacts[];
}

export interface HostFacts {
  readonly session: string;
  readonly isDraining: boolean;
  readonly hasFreeSlot: boolean;
  readonly isSaturated: boolean;
}

/** Why an execution does not run: exactly one reason while it is queued or waits for others, otherwise null. */
export function waitReason(facts: WaitFacts, now: Ms): WaitReason | null {
  if (facts.status === "assigned") {
    return facts.awaits.length === 0 ? null : { code: "waiting_for", executions: facts.awaits };
  }
  if (facts.status !== "queued") return null;
  if (facts.dueAt > now) return { code: facts.attempt === 1 ? "delayed" : "retry_backoff", until: facts.dueAt };
  if (facts.isPaused) return { code: "environment_paused" };
  return hostReason(facts);
}

function hostReason({ hosts, target, isAwaited }: WaitFacts): WaitReason {
  if (hosts.length === 0) return { code: "no_agent", target };
  const withRoom = hosts.filter((host) => host.hasFreeSlot && !host.isDraining);
  if (withRoom.length > 0 && !isAwaited && withRoom.every((host) => host.isSaturated)) {
    return { code: "waiting_limit", sessions: withRoom.map(({ session }) => session) };
  }
  return { code: "agents_full", sessions: hosts.map(({ session }) => session) };
}
