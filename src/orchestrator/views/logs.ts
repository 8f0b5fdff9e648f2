import { type RunId, executionIdOf } from "../../protocol/ids.ts";
import { type LogLevel, logLevels } from "../../protocol/agent-messages.ts";
import { isObject } from "../../base/json.ts";
import type { LogView, LogsView } from "../../protocol/views.ts";
import type { Database } from "../store/database.ts";
import { findRun } from "../store/runs.ts";
import { countSteps } from "../store/steps.ts";

export interface LogFilter {
  /** Only of this step, and of this attempt at it. */
  readonly step: number | null;
  readonly attempt: number | null;
  /** This level and the ones after it. */
  readonly level: LogLevel | null;
  /** The row of the last line of the page before. */
  readonly after: number | null;
  readonly limit: number;
}

interface LogRow {
  readonly row: number;
  readonly runId: RunId;
  readonly number: number;
  readonly attempt: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly level: number;
  readonly template: string;
  readonly templateValues: string | null;
}

const selected = `SELECT logs.id AS row, runs.external_id AS runId, steps.number, attempt, sequence, logged_at AS timestamp, level,
    template, template_values AS templateValues
  FROM logs JOIN executions ON executions.id = execution JOIN steps ON steps.id = step JOIN runs ON runs.id = logs.run`;

/**
 * A page of a run's lines in the order of their arrival; undefined for an unknown run. `cursor` is where the page ends: given back as
 * `after`, it brings what has arrived since. It is null only as long as there is nothing.
 */
export function logsPage(db: Database, runId: string, filter: LogFilter): LogsView | undefined {
  const run = findRun(db, runId);
  if (run === undefined) return undefined;
  const conditions = ["logs.run = ?", "logs.id > ?"];
  const params = [run.id, filter.after ?? 0];
  const add = (condition: string, param: number): void => {
    conditions.push(condition);
    params.push(param);
  };
  if (filter.step !== null) add("steps.number = ?", filter.step);
  if (filter.attempt !== null) add("attempt = ?", filter.attempt);
  if (filter.level !== null) add("level >= ?", logLevels.indexOf(filter.level));
  const sql = `${selected} WHERE ${conditions.join(" AND ")} ORDER BY logs.id LIMIT ? + 0`;
  const rows = db.all<LogRow>(sql, ...params, filter.limit);
  if (rows.length === filter.limit) return pageOf(rows, null);
  // All lines were looked at: behind the page are those too that the filter left out.
  const last = db.get<{ row: number | null }>("SELECT max(id) AS row FROM logs WHERE run = ?", run.id)?.row ?? null;
  return pageOf(rows, last ?? filter.after);
}

export function hasStep(db: Database, runId: string, step: number): boolean {
  const run = findRun(db, runId);
  return run !== undefined && step <= countSteps(db, run.id);
}

/** The latest lines of a run, oldest first; undefined for an unknown run. */
export function latestLogs(db: Database, runId: string, limit: number): LogsView | undefined {
  const run = findRun(db, runId);
  if (run === undefined) return undefined;
  const rows = db.all<LogRow>(`${selected} WHERE logs.run = ? ORDER BY logs.id DESC LIMIT ? + 0`, run.id, limit);
  return pageOf(rows.toReversed(), null);
}

/** `lookedAt` is the last row that was looked at, if that is not the last of the page. */
function pageOf(rows: readonly LogRow[], lookedAt: number | null): LogsView {
  const end = lookedAt ?? rows.at(-1)?.row ?? null;
  return { logs: rows.map(logOf), cursor: end === null ? null : String(end) };
}

function logOf({ runId, number, attempt, sequence, timestamp, level, template, templateValues }: LogRow): LogView {
  return {
    executionId: executionIdOf(runId, number, attempt),
    sequence,
    timestamp,
    level: logLevels[level] ?? "info",
    template,
    values: valuesOf(templateValues),
  };
}

/** The agent says that it is a JSON object; nobody has looked at it until now. */
function valuesOf(column: string | null): LogView["values"] {
  try {
    const values: unknown = JSON.parse(column ?? "{}");
    return isObject(values) ? { ...values } : {};
  } catch {
    return {};
  }
}
