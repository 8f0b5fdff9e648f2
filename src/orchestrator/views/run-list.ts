import { type RunId, executionIdOf } from "../../protocol/ids.ts";
import type { RunListView, RunStatus, RunSummaryView } from "../../protocol/views.ts";
import type { Database } from "../store/database.ts";
import { notSucceededCondition, runStatusCode, runStatusFrom } from "../store/statuses.ts";
import { findTarget } from "../store/targets.ts";

export interface RunFilter {
  readonly status: RunStatus | null;
  readonly target: string | null;
  readonly limit: number;
  /** The row of the last run of the page before. */
  readonly before: number | null;
}

interface RunListRow {
  readonly row: number;
  readonly id: RunId;
  readonly target: string;
  readonly status: number;
  readonly createdAt: number;
  readonly completedAt: number | null;
  readonly idempotencyKey: string | null;
  readonly parentRun: RunId | null;
  readonly parentStep: number;
  readonly parentAttempt: number;
}

const columns = `runs.id AS row, runs.external_id AS id, path AS target, runs.status, runs.created_at AS createdAt,
    runs.completed_at AS completedAt, runs.idempotency_key AS idempotencyKey, parent_runs.external_id AS parentRun,
    parent_steps.number AS parentStep, attempt AS parentAttempt`;
const joins = `JOIN targets ON targets.id = runs.target
    LEFT JOIN executions ON executions.id = runs.parent
    LEFT JOIN steps AS parent_steps ON parent_steps.id = executions.step
    LEFT JOIN runs AS parent_runs ON parent_runs.id = parent_steps.run`;

/** A page of runs, newest first. */
export function runList(db: Database, { status, target, limit, before }: RunFilter): RunListView {
  const params: number[] = [before ?? Number.MAX_SAFE_INTEGER];
  const conditions = ["runs.id < ?"];
  if (target !== null) {
    conditions.push("runs.target = ?");
    params.push(findTarget(db, target)?.id ?? 0);
  }
  if (status !== null) conditions.push(`runs.status = ${runStatusCode(status)}`);
  if (status !== null && status !== "succeeded") conditions.push(notSucceededCondition);
  const sql = `SELECT ${columns} FROM runs ${indexFor(status, target)} ${joins}
    WHERE ${conditions.join(" AND ")} ORDER BY runs.id DESC LIMIT ? + 0`;
  const rows = db.all<RunListRow>(sql, ...params, limit + 1);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { runs: page.map(summaryOf), cursor: rows.length > limit && last !== undefined ? String(last.row) : null };
}

/** SQLite would rather walk the table, in which those that are looked for may be few and far between. */
function indexFor(status: RunStatus | null, target: string | null): string {
  if (target !== null) return "INDEXED BY runs_by_target";
  return status === null || status === "succeeded" ? "" : "INDEXED BY runs_by_status";
}

export interface FoundRun {
  readonly row: number;
  readonly idempotencyKey: string | null;
  readonly summary: RunSummaryView & { readonly id: RunId };
}

/** One run as the list shows it, and what else its row says. */
export function findSummary(db: Database, runId: string): FoundRun | undefined {
  const found = db.get<RunListRow>(`SELECT ${columns} FROM runs ${joins} WHERE runs.external_id = ?`, runId);
  return found && { row: found.row, idempotencyKey: found.idempotencyKey, summary: summaryOf(found) };
}

function summaryOf(row: RunListRow): RunSummaryView & { readonly id: RunId } {
  const { id, target, createdAt, completedAt, parentRun, parentStep, parentAttempt } = row;
  const status = runStatusFrom(row.status);
  const parent = parentRun === null ? null : executionIdOf(parentRun, parentStep, parentAttempt);
  return { id, target, status, createdAt, completedAt, parent };
}
