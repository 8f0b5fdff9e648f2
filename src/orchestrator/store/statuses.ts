import { type ExecutionStatus, type RunStatus, executionStatuses, runStatuses } from "../../protocol/views.ts";

// What the columns `status` hold: a status's position in the lists of protocol/views.ts.

export function executionStatusCode(status: ExecutionStatus): number {
  return executionStatuses.indexOf(status);
}

export function executionStatusFrom(code: number): ExecutionStatus {
  const status = executionStatuses[code];
  if (status === undefined) throw new Error(`unknown execution status ${code}`);
  return status;
}

export function runStatusCode(status: RunStatus): number {
  return runStatuses.indexOf(status);
}

export function runStatusFrom(code: number): RunStatus {
  const status = runStatuses[code];
  if (status === undefined) throw new Error(`unknown run status ${code}`);
  return status;
}

// For SQL. The conditions of a partial index must be met to the letter: SQLite does not conclude them from others.

export const queuedStatus = executionStatusCode("queued");
export const assignedStatus = executionStatusCode("assigned");

/** Queued, and its time has come: what `executions_ready` holds. */
export const readyCondition = `executions.status = ${queuedStatus} AND is_ready = 1`;
/** Queued, and its time has not come: what `executions_scheduled` holds. */
export const scheduledCondition = `executions.status = ${queuedStatus} AND is_ready = 0`;
/** The same as `isLive` of rules/execution-state.ts. */
export const liveCondition = `executions.status IN (${queuedStatus}, ${assignedStatus})`;
/** What `runs_by_status` holds. */
export const notSucceededCondition = `runs.status <> ${runStatusCode("succeeded")}`;
