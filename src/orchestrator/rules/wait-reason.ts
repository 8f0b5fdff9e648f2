import type { Ms } from "../../base/clock.ts";
import type { ExecutionStatus } from "../../protocol/views.ts";
import type { WaitReason } from "../../protocol/wait-reason.ts";
import type { Host } from "./host.ts";

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
  readonly hosts: readonly Host[];
  /** The session that it is assigned to. */
  readonly holder: HolderFacts | null;
}

export interface HolderFacts {
  readonly sessionId: string;
  readonly isConnected: boolean;
  /** Whether its function has a timeout and has not begun: of others the agent does not report the beginning. */
  readonly isUnstarted: boolean;
}

/** Why an execution does not run: exactly one reason while it is queued, or assigned and not known to run; otherwise null. */
export function waitReason(facts: WaitFacts, now: Ms): WaitReason | null {
  if (facts.status === "assigned") return holderReason(facts);
  if (facts.status !== "queued") return null;
  // First, because nothing happens at the moment that a delay would name.
  if (facts.isPaused) return { code: "environment_paused" };
  if (facts.dueAt > now) return { code: facts.attempt === 1 ? "delayed" : "retry_backoff", until: facts.dueAt };
  return hostReason(facts);
}

function holderReason({ holder, awaits }: WaitFacts): WaitReason | null {
  // First, because nothing else that may be the matter with it can end before its agent is back.
  if (holder !== null && !holder.isConnected) return { code: "agent_disconnected", session: holder.sessionId };
  if (awaits.length > 0) return { code: "waiting_for", executions: awaits };
  return holder?.isUnstarted === true ? { code: "not_started", session: holder.sessionId } : null;
}

function hostReason({ hosts, target, isAwaited }: WaitFacts): WaitReason {
  if (hosts.length === 0) return { code: "no_agent", target };
  const withRoom = hosts.filter((host) => host.freeSlots > 0 && !host.isDraining);
  if (withRoom.length === 0) return { code: "agents_full", sessions: hosts.map(({ sessionId }) => sessionId) };
  const mayTakeIt = isAwaited || withRoom.some((host) => !host.isSaturated);
  if (mayTakeIt) return { code: "ready" };
  return { code: "waiting_limit", sessions: withRoom.map(({ sessionId }) => sessionId) };
}
