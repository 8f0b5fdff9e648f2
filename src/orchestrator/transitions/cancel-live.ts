import type { ExecutionRow } from "../store/executions.ts";
import type { Transaction } from "../transaction.ts";
import { endExecution } from "./end-execution.ts";

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
