import { type ExecutionRow, getExecution } from "../store/executions.ts";
import type { Database } from "../store/database.ts";

/**
 * The present end of the chain that begins with an execution: its retries, and the run that it became. Only the end has an outcome that
 * anybody waits for.
 */
export function follow(db: Database, execution: ExecutionRow): ExecutionRow {
  let end = execution;
  while (end.successor !== null) end = getExecution(db, end.successor);
  return end;
}
