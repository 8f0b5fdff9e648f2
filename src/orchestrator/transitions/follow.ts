import { type ExecutionRow, getExecution } from "../store/executions.ts";
import type { Database } from "../store/database.ts";

/**
 * The present end of the chain that begins with an execution: its retries, the run that it became, the re-run that took its place. Only the end
 * has an outcome that anybody waits for.
 */
export function follow(db: Database, execution: ExecutionRow): ExecutionRow {
  let end = execution;
  for (;;) {
    const next = end.replacedBy ?? end.successor;
    if (next === null) return end;
    end = getExecution(db, next);
  }
}
