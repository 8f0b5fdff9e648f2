import type { AgentCommand } from "../protocol/agent-messages.ts";

/**
 * What follows from a batch once it is committed. Effects are hints: everything they say stands in the database too, so one that is lost
 * (nobody is connected, the process ends) is made up for by the next resume, snapshot or start.
 */
export type Effect =
  /** To the session's connection, if there is one; the order among the commands of one session is to be kept. */
  | { readonly kind: "agent-command"; readonly session: string; readonly command: AgentCommand }
  /** The session is over: close its connection with this code. */
  | { readonly kind: "close-session"; readonly session: string; readonly code: number; readonly reason: string }
  /** Each of the following at most once for each batch and run. */
  | { readonly kind: "run-changed"; readonly run: string }
  /** The run has a result (again): whoever waits for it can be answered. */
  | { readonly kind: "run-final"; readonly run: string }
  | { readonly kind: "logs-changed"; readonly run: string }
  /** A run began or its status changed. */
  | { readonly kind: "runs-changed" }
  | { readonly kind: "repositories-changed" }
  /** Sessions, their targets or their use of slots changed; with them the reasons of what is queued. */
  | { readonly kind: "agents-changed" }
  /** Paused, resumed or archived; with it the reasons of what is queued. */
  | { readonly kind: "environment-changed" };
