import { grouped } from "../../base/grouped.ts";
import { type ExecutionId, type RunId, executionIdOf } from "../../protocol/ids.ts";
import type { ResultColumns } from "../store/value-columns.ts";
import type { Database } from "../store/database.ts";
import { ViewTooCostly } from "./view-budget.ts";

// The rows of one run, in pages of steps. Where the view has no room for values any more, their texts stay where they are.

export interface RunPageRequest {
  /** Row of the run. */
  readonly run: number;
  /** Number of the last step of the page before; 0 for the first. */
  readonly after: number;
  /** Steps of a page. */
  readonly limit: number;
  /** Most attempts at these steps, in all: with more the view is given up. */
  readonly attempts: number;
  /** How many characters of texts there is room for. */
  readonly characters: number;
}

export interface RunPage {
  readonly steps: readonly StepRow[];
  readonly attempts: readonly AttemptRow[];
  readonly dependencies: readonly DependencyRow[];
  readonly ignored: readonly IgnoredRow[];
}

export interface StepRow {
  readonly number: number;
  readonly path: string;
  readonly type: number;
  /** Row of the execution that made the call. */
  readonly parent: number | null;
  /** Null where texts were left out; then `characters` says how long they are. */
  readonly arguments: string | null;
  readonly characters: number;
}

export interface AttemptRow extends ResultColumns {
  readonly id: number;
  readonly number: number;
  readonly attempt: number;
  readonly status: number;
  /** Row and path of its target. */
  readonly target: number;
  readonly path: string;
  readonly createdAt: number;
  readonly dueAt: number;
  readonly assignedAt: number | null;
  readonly completedAt: number | null;
  readonly sessionId: string | null;
  /** The length of the text of its result. */
  readonly characters: number;
  /** The attempt, or the first execution of the run, that came after it. */
  readonly successorId: ExecutionId | null;
  /** How the run of that one gets on. */
  readonly nextRunStatus: number | null;
  readonly nextRunCompletedAt: number | null;
}

/** One execution (by row) asked for another. */
export interface DependencyRow {
  readonly execution: number;
  readonly awaitedId: ExecutionId;
}

export interface IgnoredRow {
  readonly execution: number;
  readonly status: number;
  readonly at: number;
}

/** Numbers of the steps that each execution (by row) of the run called, in the order of the calls. */
export function readCalls(db: Database, run: number): Map<number, number[]> {
  const rows = db.all<{ parent: number; number: number }>(
    "SELECT parent, number FROM steps WHERE run = ? AND parent IS NOT NULL ORDER BY parent, request",
    run,
  );
  return grouped(
    rows,
    ({ parent }) => parent,
    ({ number }) => number,
  );
}

export function readRunPage(db: Database, request: RunPageRequest): RunPage {
  const { run, after, limit, attempts, characters } = request;
  const steps = db.all<StepRow>(
    `SELECT number, path, type, parent, length(arguments) AS characters, iif(?, arguments, NULL) AS arguments
     FROM steps JOIN targets ON targets.id = target WHERE run = ? AND number > ? ORDER BY number LIMIT ? + 0`,
    characters > 0 ? 1 : 0,
    run,
    after,
    limit,
  );
  const span = { run, after, last: steps.at(-1)?.number ?? after };
  return {
    steps,
    attempts: withTexts(db, readAttempts(db, span, attempts), characters),
    dependencies: readDependencies(db, span),
    ignored: readIgnored(db, span),
  };
}

/** The steps of a run after one number, up to and with another. */
interface StepSpan {
  readonly run: number;
  readonly after: number;
  readonly last: number;
}

type Untold = Omit<AttemptRow, "result">;

interface RawAttempt extends Omit<Untold, "successorId"> {
  readonly nextRun: RunId | null;
  readonly nextNumber: number;
  readonly nextAttempt: number;
}

function readAttempts(db: Database, { run, after, last }: StepSpan, limit: number): Untold[] {
  const rows = db.all<RawAttempt>(
    `SELECT executions.id, steps.number, executions.attempt, executions.status, executions.target, path,
       executions.created_at AS createdAt, executions.due_at AS dueAt, executions.assigned_at AS assignedAt,
       executions.completed_at AS completedAt, sessions.external_id AS sessionId,
       coalesce(length(executions.result), 0) AS characters, executions.result_links AS resultLinks,
       next_runs.external_id AS nextRun, next_steps.number AS nextNumber, next.attempt AS nextAttempt,
       next_runs.status AS nextRunStatus, next_runs.completed_at AS nextRunCompletedAt
     FROM steps
       JOIN executions ON executions.step = steps.id
       JOIN targets ON targets.id = executions.target
       LEFT JOIN sessions ON sessions.id = executions.session
       LEFT JOIN executions AS next ON next.id = executions.successor
       LEFT JOIN steps AS next_steps ON next_steps.id = next.step
       LEFT JOIN runs AS next_runs ON next_runs.id = next_steps.run
     WHERE steps.run = ? AND steps.number > ? AND steps.number <= ? ORDER BY steps.number, executions.attempt LIMIT ? + 0`,
    run,
    after,
    last,
    limit + 1,
  );
  if (rows.length > limit) {
    throw new ViewTooCostly(`steps of this run were tried more than ${limit} times: look at its result or its logs`);
  }
  return rows.map((row) => ({
    ...row,
    successorId: row.nextRun === null ? null : executionIdOf(row.nextRun, row.nextNumber, row.nextAttempt),
  }));
}

/** A step may have been tried any number of times, so that only the texts that there is room for are read. */
function withTexts(db: Database, rows: readonly Untold[], characters: number): AttemptRow[] {
  let left = characters;
  const fitting = rows.filter((row) => row.characters > 0 && (left -= row.characters) >= 0).map(({ id }) => id);
  const texts = db.all<{ id: number; result: string }>(
    "SELECT id, result FROM executions WHERE id IN (SELECT value FROM json_each(?))",
    JSON.stringify(fitting),
  );
  const byId = new Map(texts.map(({ id, result }) => [id, result]));
  return rows.map((row) => ({ ...row, result: byId.get(row.id) ?? null }));
}

function readDependencies(db: Database, { run, after, last }: StepSpan): DependencyRow[] {
  const rows = db.all<{ execution: number; runId: RunId; number: number; attempt: number }>(
    `SELECT execution, runs.external_id AS runId, awaited_steps.number AS number, awaited_executions.attempt AS attempt
     FROM steps
       JOIN executions ON executions.step = steps.id
       JOIN dependencies ON execution = executions.id
       JOIN executions AS awaited_executions ON awaited_executions.id = awaited
       JOIN steps AS awaited_steps ON awaited_steps.id = awaited_executions.step
       JOIN runs ON runs.id = awaited_steps.run
     WHERE steps.run = ? AND steps.number > ? AND steps.number <= ? ORDER BY execution, dependencies.request`,
    run,
    after,
    last,
  );
  return rows.map((row) => ({
    execution: row.execution,
    awaitedId: executionIdOf(row.runId, row.number, row.attempt),
  }));
}

function readIgnored(db: Database, { run, after, last }: StepSpan): IgnoredRow[] {
  return db.all<IgnoredRow>(
    `SELECT execution, ignored_outcomes.status, reported_at AS at
     FROM steps JOIN executions ON executions.step = steps.id JOIN ignored_outcomes ON execution = executions.id
     WHERE steps.run = ? AND steps.number > ? AND steps.number <= ? ORDER BY execution, reported_at`,
    run,
    after,
    last,
  );
}
