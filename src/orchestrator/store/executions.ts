import type { ExecutionId, RunId, SessionId } from "../../protocol/ids.ts";
import { executionIdOf, parseExecutionId } from "../../protocol/ids.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import type { ExecutionStatus } from "../../protocol/views.ts";
import type { Database } from "./database.ts";
import { type ResultColumns, unpackOutcome } from "./value-columns.ts";
import { type Slot, heldSlot, inSlotCondition, noSlot, slots } from "./slots.ts";
import { assignedStatus, executionStatusCode, executionStatusFrom, queuedStatus } from "./statuses.ts";

export interface ExecutionRow {
  readonly id: number;
  readonly executionId: ExecutionId;
  readonly step: number;
  readonly number: number;
  readonly attempt: number;
  readonly parent: number | null;
  readonly run: number;
  readonly runId: RunId;
  readonly target: number;
  readonly priority: number;
  readonly status: ExecutionStatus;
  readonly slot: Slot;
  readonly session: number | null;
  readonly sessionId: SessionId | null;
  readonly expiresAt: number | null;
  readonly successor: number | null;
  /** The attempt that took its place while it was under way. */
  readonly replacedBy: number | null;
}

type RawExecution = Omit<ExecutionRow, "executionId" | "status" | "slot"> & {
  readonly status: number;
  readonly slot: number;
};

const selected = `SELECT executions.id, step, number, attempt, steps.parent, run, runs.external_id AS runId, executions.target,
    priority, executions.status, slot, session, sessions.external_id AS sessionId, expires_at AS expiresAt, successor,
    replaced_by AS replacedBy`;
const joined = `JOIN runs ON runs.id = run LEFT JOIN sessions ON sessions.id = session`;
const byId = `${selected} FROM executions JOIN steps ON steps.id = step ${joined} WHERE executions.id = ?`;
const byParts = `${selected} FROM runs JOIN steps ON run = runs.id JOIN executions ON step = steps.id
  LEFT JOIN sessions ON sessions.id = session WHERE runs.external_id = ? AND number = ? AND attempt = ?`;

/** By the id that people and programs see; undefined also when the text is no id. */
export function findExecution(db: Database, executionId: string): ExecutionRow | undefined {
  const parts = parseExecutionId(executionId);
  if (parts === undefined) return undefined;
  return named(db.get<RawExecution>(byParts, parts.run, parts.step, parts.attempt));
}

export function getExecution(db: Database, id: number): ExecutionRow {
  const row = named(db.get<RawExecution>(byId, id));
  if (row === undefined) throw new Error(`execution ${id} is not stored`);
  return row;
}

/** How an execution ended that is final and has no successor; undefined while it is none. */
export function outcomeOf(db: Database, { id, status }: ExecutionRow): Outcome | undefined {
  if (status === "queued" || status === "assigned") return undefined;
  const sql = "SELECT result, result_links AS resultLinks FROM executions WHERE id = ?";
  const columns = db.get<ResultColumns>(sql, id);
  return columns && unpackOutcome(status, columns);
}

/** All attempts at a step, oldest first. */
export function attemptsOf(db: Database, step: number): ExecutionRow[] {
  const sql = `${selected} FROM executions JOIN steps ON steps.id = step ${joined} WHERE step = ? ORDER BY attempt`;
  return db.all<RawExecution>(sql, step).flatMap((row) => named(row) ?? []);
}

type Attempt = Pick<ExecutionRow, "step" | "attempt">;

/** The statuses of a step's attempts before this one, newest first, as far as the reader asks. */
export function earlierStatuses(db: Database, { step, attempt }: Attempt, limit: number): ExecutionStatus[] {
  const sql = "SELECT status FROM executions WHERE step = ? AND attempt < ? ORDER BY attempt DESC LIMIT ? + 0";
  return db.all<{ status: number }>(sql, step, attempt, limit).map(({ status }) => executionStatusFrom(status));
}

export interface NewExecution {
  readonly step: number;
  readonly attempt: number;
  readonly target: number;
  readonly priority: number;
  readonly createdAt: number;
  readonly dueAt: number;
  /** Ready for an agent now; otherwise it is scheduled for `dueAt`. */
  readonly isReady: boolean;
}

export function insertExecution(db: Database, execution: NewExecution): number {
  return db.insert(
    `INSERT INTO executions (step, attempt, status, is_ready, target, priority, slot, created_at, due_at)
     VALUES (?, ?, ${queuedStatus}, ?, ?, ?, ${noSlot}, ?, ?)`,
    execution.step,
    execution.attempt,
    execution.isReady ? 1 : 0,
    execution.target,
    execution.priority,
    execution.createdAt,
    execution.dueAt,
  );
}

export function markReady(db: Database, id: number): void {
  db.run("UPDATE executions SET is_ready = 1 WHERE id = ?", id);
}

export interface NewAssignment {
  readonly execution: number;
  readonly session: number;
  readonly assignedAt: number;
}

/** Gives the execution to a session, with one of its slots. It is the only place where an execution gets a session. */
export function assignExecution(db: Database, { execution, session, assignedAt }: NewAssignment): void {
  const sql = `UPDATE executions SET status = ${assignedStatus}, is_ready = 0, slot = ${heldSlot}, session = ?, assigned_at = ?
    WHERE id = ?`;
  db.run(sql, session, assignedAt, execution);
}

/** Of an execution with a timeout, from the start of its function on. */
export function setExpiry(db: Database, id: number, expiresAt: number): void {
  db.run("UPDATE executions SET expires_at = ? WHERE id = ?", expiresAt, id);
}

export interface EndedColumns extends ResultColumns {
  readonly status: ExecutionStatus;
  readonly slot: Slot;
  readonly successor: number | null;
  readonly completedAt: number;
}

/** Makes the row final, and does nothing else of what an end brings with it. It must not be final already. */
export function setEnded(db: Database, id: number, ended: EndedColumns): void {
  db.run(
    `UPDATE executions SET status = ?, is_ready = 0, slot = ?, expires_at = NULL, completed_at = ?, successor = ?, result = ?,
       result_links = ? WHERE id = ?`,
    executionStatusCode(ended.status),
    slots.indexOf(ended.slot),
    ended.completedAt,
    ended.successor,
    ended.result,
    ended.resultLinks,
    id,
  );
}

export interface Replacement {
  readonly execution: number;
  readonly by: number;
}

/** Its step is run again while it is under way: whoever asks for it gets what that attempt comes to. */
export function setReplaced(db: Database, { execution, by }: Replacement): void {
  db.run("UPDATE executions SET replaced_by = ? WHERE id = ?", by, execution);
}

export function setSlot(db: Database, id: number, slot: Slot): void {
  db.run("UPDATE executions SET slot = ? WHERE id = ?", slots.indexOf(slot), id);
}

/** What holds, has yielded or outlives a slot of the session: everything assigned to it, and what has not stopped yet; `limit` of it. */
export function inSlotsOf(db: Database, session: number, limit = -1): ExecutionRow[] {
  const sql = `${selected} FROM executions JOIN steps ON steps.id = step ${joined} WHERE session = ? AND ${inSlotCondition}
    ORDER BY executions.id LIMIT ? + 0`;
  return db.all<RawExecution>(sql, session, limit).flatMap((row) => named(row) ?? []);
}

export interface IgnoredOutcome {
  readonly execution: number;
  readonly status: ExecutionStatus;
  readonly reportedAt: number;
}

/** False when it was noted before. */
export function recordIgnored(db: Database, { execution, status, reportedAt }: IgnoredOutcome): boolean {
  const sql = "INSERT INTO ignored_outcomes (execution, status, reported_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
  return db.run(sql, execution, executionStatusCode(status), reportedAt) > 0;
}

function named(row: RawExecution | undefined): ExecutionRow | undefined {
  if (row === undefined) return undefined;
  const executionId = executionIdOf(row.runId, row.number, row.attempt);
  return { ...row, executionId, status: executionStatusFrom(row.status), slot: slots[row.slot] ?? "none" };
}
