import type { Database } from "./database.ts";
import { takenSlotCondition, yieldedSlotCondition } from "./slots.ts";
import { assignedStatus, liveCondition, readyCondition, scheduledCondition } from "./statuses.ts";

// The way down from an execution: what it called, in all attempts at each call, and the run that it became.

export interface DescentRow {
  readonly id: number;
  readonly isLive: number;
  /** Whether there is anything below it. */
  readonly leadsOn: number;
}

export interface CalledRow extends DescentRow {
  /** The caller's number of the call. */
  readonly request: number;
}

const columns = `executions.id, ${liveCondition} AS isLive,
  executions.successor IS NOT NULL OR EXISTS (SELECT 1 FROM steps AS calls WHERE calls.parent = executions.id) AS leadsOn`;

/** These executions and the attempts that follow them at the same steps. */
export function attemptsFrom(db: Database, executions: readonly number[]): DescentRow[] {
  const ids = JSON.stringify(executions);
  return db.all<DescentRow>(
    `SELECT ${columns} FROM executions WHERE id IN (
       SELECT value FROM json_each(?)
       UNION SELECT later.id FROM json_each(?) JOIN executions AS ended ON ended.id = value
         JOIN executions AS next ON next.id = coalesce(ended.replaced_by, ended.successor) AND next.step = ended.step
         JOIN executions AS later ON later.step = next.step AND later.attempt >= next.attempt
     ) ORDER BY id`,
    ids,
    ids,
  );
}

/** All attempts at the root of the run that an execution became; none if it became none. */
export function attemptsAtSpawned(db: Database, execution: number): DescentRow[] {
  return db.all<DescentRow>(
    `SELECT ${columns} FROM executions AS call JOIN executions AS root ON root.id = call.successor AND root.step <> call.step
       JOIN executions ON executions.step = root.step WHERE call.id = ? ORDER BY executions.attempt`,
    execution,
  );
}

/** The next `limit` calls of an execution after its call `after`. */
export interface CallSpan {
  readonly caller: number;
  readonly after: number;
  readonly limit: number;
}

/** All attempts at these calls, in the order of the calls. */
export function attemptsAtCalls(db: Database, { caller, after, limit }: CallSpan): CalledRow[] {
  return db.all<CalledRow>(
    `SELECT ${columns}, request FROM (SELECT id, request FROM steps WHERE parent = ? AND request > ? ORDER BY request LIMIT ? + 0) AS called
       JOIN executions ON executions.step = called.id ORDER BY request, attempt`,
    caller,
    after,
    limit,
  );
}

/** What is queued or assigned in the environment, `limit` of it: callers that wait come first, and before what they called. */
export function liveExecutions(db: Database, limit: number): number[] {
  const sql = `
    SELECT id FROM executions WHERE ${yieldedSlotCondition}
    UNION ALL SELECT id FROM executions WHERE ${takenSlotCondition} AND status = ${assignedStatus}
    UNION ALL SELECT id FROM executions WHERE ${readyCondition}
    UNION ALL SELECT id FROM executions WHERE ${scheduledCondition}
    LIMIT ? + 0`;
  return db.all<{ id: number }>(sql, limit).map(({ id }) => id);
}
