import { exhaustive } from "../base/exhaustive.ts";
/** Why an execution that is neither final nor known to run does not run. Times are milliseconds since the Unix epoch. */
export type WaitReason =
  | { readonly code: "delayed"; readonly until: number }
  | { readonly code: "retry_backoff"; readonly until: number }
  | { readonly code: "environment_paused" }
  /** Nothing: its time has come, an agent has room, and it is assigned next. */
  | { readonly code: "ready" }
  /** No connected agent hosts the target. */
  | { readonly code: "no_agent"; readonly target: string }
  /** Every agent that hosts the target has all its slots taken (or is draining). */
  | { readonly code: "agents_full"; readonly sessions: readonly string[] }
  /** Agents that host the target hold as many waiting executions as their memory allows. */
  | { readonly code: "waiting_limit"; readonly sessions: readonly string[] }
  /** Assigned, but its code waits for these executions and has yielded its slot. */
  | { readonly code: "waiting_for"; readonly executions: readonly string[] }
  /** Assigned, and the connection to its agent is lost: it may run. It is abandoned if the agent is not back before its lease ends. */
  | { readonly code: "agent_disconnected"; readonly session: string }
  /** Assigned, and its agent has not begun with it: its executors are blocked or start. Known only of executions with a timeout. */
  | { readonly code: "not_started"; readonly session: string };

/** The reason as a sentence for people. */
export function describeWaitReason(reason: WaitReason, formatTime: (ms: number) => string): string {
  switch (reason.code) {
    case "delayed":
      return `delayed until ${formatTime(reason.until)}`;
    case "retry_backoff":
      return `retry back-off until ${formatTime(reason.until)}`;
    case "environment_paused":
      return "the environment is paused until it is resumed";
    case "ready":
      return "about to be assigned";
    case "no_agent":
      return `no connected agent hosts ${reason.target}`;
    case "agents_full":
      return `all agents that host it are full or draining (${reason.sessions.join(", ")})`;
    case "waiting_limit":
      return `the agents that host it hold too many waiting executions (${reason.sessions.join(", ")})`;
    case "waiting_for":
      return `waiting for ${reason.executions.join(", ")}`;
    case "agent_disconnected":
      return `its agent is disconnected (${reason.session})`;
    case "not_started":
      return `its agent has not started it yet (${reason.session})`;
    default:
      return exhaustive(reason);
  }
}
