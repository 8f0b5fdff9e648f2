import type { Database } from "./database.ts";
import type { RunId } from "../../protocol/ids.ts";
import type { RunStatus } from "../../protocol/views.ts";
import { runStatusCode, runStatusFrom } from "./statuses.ts";

export interface RunRow {
  readonly id: number;
  readonly runId: RunId;
  readonly depth: number;
  readonly status: RunStatus;
}

export interface NewRun {
  readonly runId: RunId;
  readonly target: number;
  readonly createdAt: number;
  /** The execution that became this run; null for a run from outside. */
  readonly parent: number | null;
  readonly depth: number;
  readonly idempotencyKey: string | null;
}

type RawRun = Omit<RunRow, "status"> & { readonly status: number };

const columns = "id, external_id AS runId, depth, status";

export function findRun(db: Database, runId: string): RunRow | undefined {
  return named(db.get<RawRun>(`SELECT ${columns} FROM runs WHERE external_id = ?`, runId));
}

export function findRunByKey(db: Database, idempotencyKey: string): RunRow | undefined {
  return named(db.get<RawRun>(`SELECT ${columns} FROM runs WHERE idempotency_key = ?`, idempotencyKey));
}

/** A run without steps, queued. */
export function insertRun(db: Database, run: NewRun): number {
  return db.insert(
    `INSERT INTO runs (external_id, target, status, created_at, parent, depth, idempotency_key) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    run.runId,
    run.target,
    runStatusCode("queued"),
    run.createdAt,
    run.parent,
    run.depth,
    run.idempotencyKey,
  );
}

export interface RunProgress {
  readonly status: RunStatus;
  /** Null for a status that is not final. */
  readonly completedAt: number | null;
}

/** Returns the execution that became this run, if one did. */
export function setRunStatus(db: Database, run: number, { status, completedAt }: RunProgress): number | null {
  const sql = "UPDATE runs SET status = ?, completed_at = ? WHERE id = ? RETURNING parent";
  return db.get<{ parent: number | null }>(sql, runStatusCode(status), completedAt, run)?.parent ?? null;
}

function named(row: RawRun | undefined): RunRow | undefined {
  return row && { ...row, status: runStatusFrom(row.status) };
}
