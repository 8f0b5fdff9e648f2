import type { Database } from "./database.ts";

/**
 * The live executions among these and their descendants: the attempts that follow them, the steps they called in all their attempts, the
 * runs they became. A caller comes before what it called.
 */
export function liveDescendants(db: Database, executions: readonly number[]): number[] {
  const sql = `
    WITH RECURSIVE tree (id) AS (
      SELECT value FROM json_each(?)
      UNION
      SELECT later.id FROM tree
        JOIN executions AS ended ON ended.id = tree.id
        JOIN executions AS next ON next.id = ended.successor
        JOIN executions AS later ON later.step = next.step AND later.attempt >= next.attempt
      UNION
      SELECT called.id FROM tree
        JOIN steps ON steps.parent = tree.id
        JOIN executions AS called ON called.step = steps.id
    )
    SELECT executions.id FROM tree JOIN executions ON executions.id = tree.id WHERE status <= 1 ORDER BY executions.id`;
  return db.all<{ id: number }>(sql, JSON.stringify(executions)).map(({ id }) => id);
}

/** All attempts at the steps that an execution called. */
export function calledBy(db: Database, execution: number): number[] {
  const sql = "SELECT executions.id FROM steps JOIN executions ON step = steps.id WHERE steps.parent = ?";
  return db.all<{ id: number }>(sql, execution).map(({ id }) => id);
}

/** Everything in the environment that is queued or assigned. */
export function allLive(db: Database): number[] {
  const sql = `
    SELECT id FROM executions WHERE status = 0 AND is_ready = 1
    UNION ALL SELECT id FROM executions WHERE status = 0 AND is_ready = 0
    UNION ALL SELECT id FROM executions WHERE slot > 0 AND status = 1
    ORDER BY id`;
  return db.all<{ id: number }>(sql).map(({ id }) => id);
}
