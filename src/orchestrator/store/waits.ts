import type { ExecutionId, RunId, SessionId } from "../../protocol/ids.ts";
import type { Database } from "./database.ts";
import { executionIdOf } from "../../protocol/ids.ts";
import { heldSlot, yieldedSlot, yieldedSlotCondition } from "./slots.ts";

// Unanswered awaits, and the record of what was ever awaited. An execution with an unanswered await has yielded its slot.

export interface NewWait {
  readonly caller: number;
  readonly request: number;
  readonly asked: number;
  readonly awaited: number;
}

/** An execution is assigned, and therefore has a slot, while it waits. */
export function insertWait(db: Database, { caller, request, asked, awaited }: NewWait): void {
  db.run(
    `INSERT INTO waits (caller, request, asked, awaited) VALUES (?, ?, ?, ?)
     ON CONFLICT (caller, request) DO UPDATE SET asked = excluded.asked, awaited = excluded.awaited`,
    caller,
    request,
    asked,
    awaited,
  );
  db.run(`UPDATE executions SET slot = ${yieldedSlot} WHERE id = ? AND slot = ${heldSlot}`, caller);
}

/** The caller takes its slot back when this was the last it waited for. */
export function deleteWait(db: Database, caller: number, request: number): void {
  db.run("DELETE FROM waits WHERE caller = ? AND request = ?", caller, request);
  takeSlotBack(db, caller);
}

/** What an execution waits for ends with it. */
export function deleteWaitsOf(db: Database, caller: number): void {
  db.run("DELETE FROM waits WHERE caller = ?", caller);
}

/** All of a session's: its agent asks again. */
export function deleteWaitsOfSession(db: Database, session: number): void {
  db.run(
    `DELETE FROM waits WHERE caller IN (SELECT id FROM executions WHERE session = ? AND ${yieldedSlotCondition})`,
    session,
  );
  db.run(`UPDATE executions SET slot = ${heldSlot} WHERE session = ? AND ${yieldedSlotCondition}`, session);
}

export interface AnswerableWait {
  readonly caller: number;
  readonly callerId: ExecutionId;
  readonly callerRunId: RunId;
  readonly sessionId: SessionId;
  readonly request: number;
  /** What the caller named. */
  readonly askedId: ExecutionId;
}

interface RawWait {
  readonly caller: number;
  readonly request: number;
  readonly sessionId: SessionId;
  readonly callerRunId: RunId;
  readonly callerNumber: number;
  readonly callerAttempt: number;
  readonly askedRunId: RunId;
  readonly askedNumber: number;
  readonly askedAttempt: number;
}

/** Removes and returns the waits for an execution; callers that wait for nothing else take their slots back. */
export function takeWaitsFor(db: Database, awaited: number): AnswerableWait[] {
  const rows = db.all<RawWait>(
    `SELECT caller, waits.request, sessions.external_id AS sessionId,
       caller_runs.external_id AS callerRunId, caller_steps.number AS callerNumber, callers.attempt AS callerAttempt,
       asked_runs.external_id AS askedRunId, asked_steps.number AS askedNumber, asked.attempt AS askedAttempt
     FROM waits
       JOIN executions AS callers ON callers.id = caller
       JOIN sessions ON sessions.id = callers.session
       JOIN steps AS caller_steps ON caller_steps.id = callers.step
       JOIN runs AS caller_runs ON caller_runs.id = caller_steps.run
       JOIN executions AS asked ON asked.id = waits.asked
       JOIN steps AS asked_steps ON asked_steps.id = asked.step
       JOIN runs AS asked_runs ON asked_runs.id = asked_steps.run
     WHERE awaited = ? ORDER BY caller, waits.request`,
    awaited,
  );
  if (rows.length === 0) return [];
  db.run("DELETE FROM waits WHERE awaited = ?", awaited);
  for (const { caller } of rows) takeSlotBack(db, caller);
  return rows.map((row) => ({
    ...row,
    callerId: executionIdOf(row.callerRunId, row.callerNumber, row.callerAttempt),
    askedId: executionIdOf(row.askedRunId, row.askedNumber, row.askedAttempt),
  }));
}

/** Row ids of executions. */
export interface WaitMove {
  readonly from: number;
  readonly to: number;
}

/** Whoever waited for `from` waits for what comes after it. */
export function moveWaits(db: Database, { from, to }: WaitMove): void {
  db.run("UPDATE waits SET awaited = ? WHERE awaited = ?", to, from);
}

/** Of those who wait for `from`, whoever asked for an attempt at this step waits for `to`. */
export function moveWaitsOfStep(db: Database, step: number, { from, to }: WaitMove): void {
  const sql = "UPDATE waits SET awaited = ? WHERE awaited = ? AND asked IN (SELECT id FROM executions WHERE step = ?)";
  db.run(sql, to, from, step);
}

export interface Dependency {
  readonly execution: number;
  readonly awaited: number;
  readonly request: number;
}

/** Remembers that one execution asked for another; the first time counts. */
export function recordDependency(db: Database, { execution, awaited, request }: Dependency): void {
  const sql = "INSERT INTO dependencies (execution, awaited, request) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
  db.run(sql, execution, awaited, request);
}

function takeSlotBack(db: Database, caller: number): void {
  if (db.get("SELECT 1 FROM waits WHERE caller = ?", caller) !== undefined) return;
  db.run(`UPDATE executions SET slot = ${heldSlot} WHERE id = ? AND slot = ${yieldedSlot}`, caller);
}
