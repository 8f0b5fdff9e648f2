import { type ExecutionRow, getExecution } from "../store/executions.ts";
import type { Transaction } from "../transaction.ts";
import { endExecution } from "./end-execution.ts";
import { liveDescendants } from "../store/descent.ts";

/** Cancels what is live among these executions and everything that descends from them; the attempts that follow them included. */
export function cancelTree(tx: Transaction, executions: readonly number[]): void {
  for (const id of liveDescendants(tx.db, executions)) cancelLive(tx, getExecution(tx.db, id));
}

/** Cancels one live execution. Its slot stays taken until its agent says that the code has stopped. */
export function cancelLive(tx: Transaction, execution: ExecutionRow): void {
  abort(tx, execution, "cancelled");
  const slot = execution.status === "assigned" ? "held" : "none";
  endExecution(tx, execution, { outcome: { kind: "cancelled" }, slot, successor: null });
}

/** Tells the agent of an assigned execution to stop it. */
export function abort(tx: Transaction, execution: ExecutionRow, reason: "cancelled" | "timed_out" | "abandoned"): void {
  if (execution.status !== "assigned" || execution.sessionId === null) return;
  tx.effects.send(execution.sessionId, { kind: "abort", execution: execution.executionId, reason });
}
