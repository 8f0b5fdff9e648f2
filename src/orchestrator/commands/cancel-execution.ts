import { type ExecutionRow, findExecution } from "../store/executions.ts";
import { accepted } from "../verdict.ts";
import { failure } from "../../base/result.ts";
import { notFound } from "../../protocol/failures.ts";
import type { Handler } from "../handler.ts";
import type { Transaction } from "../transaction.ts";
import { cancelTree } from "../transitions/cancel-tree.ts";
import { follow } from "../transitions/follow.ts";
import { isLive } from "../rules/execution-state.ts";

/** Cancels an execution, or the attempt or run that it has become, with its descendants. What is final stays as it is. */
export const cancelExecution: Handler<"cancel-execution"> = (tx, { execution: executionId }) => {
  const execution = findExecution(tx.db, executionId);
  if (execution === undefined) return failure(notFound("execution_not_found", executionId));
  cancelExecutionIfLive(tx, execution);
  return accepted(null);
};

/** Does nothing when the end of its chain has an outcome already. */
export function cancelExecutionIfLive(tx: Transaction, execution: ExecutionRow): void {
  if (isLive(follow(tx.db, execution).status)) cancelTree(tx, [execution.id]);
}
