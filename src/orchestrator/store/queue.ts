import { type ExecutionId, type RunId, executionIdOf } from "../../protocol/ids.ts";
import type { Database } from "./database.ts";
import type { TargetOptions } from "../../protocol/manifest.ts";
import { unpackOptions } from "./value-columns.ts";
import { activeState } from "./environment.ts";
import { yieldedSlotCondition } from "./slots.ts";
import { readyCondition, scheduledCondition } from "./statuses.ts";
import { workflowType } from "./targets.ts";

// The queue is what two partial indexes hold: `executions_scheduled` until an execution's time has come, `executions_ready` from then on.

export interface DueRow {
  readonly id: number;
  readonly runId: RunId;
  /** A workflow that was called by another execution: it becomes a run of its own instead of going to an agent. */
  readonly isCall: boolean;
}

/** Scheduled executions whose time has come, earliest first. */
export function dueExecutions(db: Database, now: number, limit: number): DueRow[] {
  const rows = db.all<{ readonly id: number; readonly runId: RunId; readonly isCall: number }>(
    `SELECT executions.id, runs.external_id AS runId, steps.parent IS NOT NULL AND targets.type = ${workflowType} AS isCall
     FROM executions JOIN steps ON steps.id = step JOIN runs ON runs.id = run JOIN targets ON targets.id = executions.target
     WHERE ${scheduledCondition} AND due_at <= ? ORDER BY due_at, executions.id LIMIT ? + 0`,
    now,
    limit,
  );
  return rows.map((row) => ({ ...row, isCall: row.isCall === 1 }));
}

/** The targets that something is ready for. */
export function readyTargets(db: Database): number[] {
  const sql = `SELECT min(target) AS target FROM executions WHERE ${readyCondition} AND target > ?`;
  const targets: number[] = [];
  for (let last = 0; ;) {
    const next = db.get<{ target: number | null }>(sql, last)?.target ?? null;
    if (next === null) return targets;
    targets.push(next);
    last = next;
  }
}

export interface ReadyRow {
  readonly id: number;
  readonly target: number;
  readonly priority: number;
  readonly dueAt: number;
}

/** The first that are ready for a target, in the order in which they are to be assigned. */
export function readyExecutions(db: Database, target: number, limit: number): ReadyRow[] {
  return db.all<ReadyRow>(
    `SELECT id, target, priority, due_at AS dueAt FROM executions
     WHERE ${readyCondition} AND target = ? ORDER BY priority DESC, due_at, id LIMIT ? + 0`,
    target,
    limit,
  );
}

/** Only those that another execution waits for. */
export function awaitedReadyExecutions(db: Database, target: number, limit: number): ReadyRow[] {
  return db.all<ReadyRow>(
    `SELECT DISTINCT id, target, priority, due_at AS dueAt FROM waits JOIN executions ON id = awaited
     WHERE ${readyCondition} AND target = ? ORDER BY priority DESC, due_at, id LIMIT ? + 0`,
    target,
    limit,
  );
}

export interface NeededQuery {
  readonly session: number;
  readonly target: number;
  readonly limit: number;
}

/** Only those that an execution of this session waits for, directly or through others. */
export function neededReadyExecutions(db: Database, { session, target, limit }: NeededQuery): ReadyRow[] {
  return db.all<ReadyRow>(
    `WITH RECURSIVE needed (id) AS (
       SELECT awaited FROM executions JOIN waits ON caller = executions.id WHERE session = ? AND ${yieldedSlotCondition}
       UNION SELECT awaited FROM needed JOIN waits ON caller = needed.id
     )
     SELECT executions.id, target, priority, due_at AS dueAt FROM needed JOIN executions ON executions.id = needed.id
     WHERE ${readyCondition} AND target = ? ORDER BY priority DESC, due_at, executions.id LIMIT ? + 0`,
    session,
    target,
    limit,
  );
}

/** What the agent that gets an execution must know of it. */
export interface WorkRow {
  readonly executionId: ExecutionId;
  readonly run: number;
  readonly runId: RunId;
  readonly number: number;
  readonly path: string;
  readonly arguments: string;
  readonly manifest: TargetOptions;
  readonly overrides: TargetOptions;
}

type RawWork = Omit<WorkRow, "executionId" | "manifest" | "overrides"> & {
  readonly attempt: number;
  readonly options: string | null;
  readonly manifestOptions: string | null;
};

export function workOf(db: Database, execution: number): WorkRow {
  const row = db.get<RawWork>(
    `SELECT run, runs.external_id AS runId, number, attempt, path, arguments, steps.options, targets.options AS manifestOptions
     FROM executions JOIN steps ON steps.id = step JOIN runs ON runs.id = run JOIN targets ON targets.id = executions.target
     WHERE executions.id = ?`,
    execution,
  );
  if (row === undefined) throw new Error(`execution ${execution} is not stored`);
  return {
    ...row,
    executionId: executionIdOf(row.runId, row.number, row.attempt),
    manifest: unpackOptions(row.manifestOptions),
    overrides: unpackOptions(row.options),
  };
}

/** How many executions are queued, counted up to `limit`. */
export function countQueued(db: Database, limit: number): number {
  const sql = `SELECT count(*) AS n FROM (
    SELECT 1 FROM executions WHERE ${readyCondition} UNION ALL
    SELECT 1 FROM executions WHERE ${scheduledCondition} LIMIT ? + 0)`;
  return db.get<{ n: number }>(sql, limit)?.n ?? 0;
}

/** When something is due next: a scheduled execution, unless the environment is paused, or the end of an agent's time for one. */
export function nextDueAt(db: Database): number | null {
  const sql = `SELECT min(at) AS at FROM (
    SELECT min(due_at) AS at FROM executions WHERE ${scheduledCondition} AND (SELECT state FROM environment) = ${activeState}
    UNION ALL SELECT min(expires_at) FROM executions WHERE expires_at IS NOT NULL)`;
  return db.get<{ at: number | null }>(sql)?.at ?? null;
}

/** Executions whose agent should have enforced their timeout by now. */
export function expiredExecutions(db: Database, now: number, limit: number): number[] {
  const sql = "SELECT id FROM executions WHERE expires_at <= ? ORDER BY expires_at, id LIMIT ? + 0";
  return db.all<{ id: number }>(sql, now, limit).map(({ id }) => id);
}
