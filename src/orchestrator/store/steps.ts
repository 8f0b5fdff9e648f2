import type { TargetOptions, TargetType } from "../../protocol/manifest.ts";
import type { Database } from "./database.ts";
import type { RunRow } from "./runs.ts";
import { targetTypeOf } from "./targets.ts";
import { unpackOptions } from "./value-columns.ts";

export interface NewStep {
  readonly run: number;
  readonly number: number;
  readonly target: number;
  /** The calling execution and its number of the call; null for a root. */
  readonly parent: number | null;
  readonly request: number | null;
  /** As the columns hold them (value-columns.ts). */
  readonly arguments: string;
  readonly options: string | null;
}

export function insertStep(db: Database, step: NewStep): number {
  return db.insert(
    "INSERT INTO steps (run, number, target, parent, request, arguments, options) VALUES (?, ?, ?, ?, ?, ?, ?)",
    step.run,
    step.number,
    step.target,
    step.parent,
    step.request,
    step.arguments,
    step.options,
  );
}

/** Steps are never deleted and count from 1. */
export function countSteps(db: Database, run: number): number {
  return db.get<{ last: number | null }>("SELECT max(number) AS last FROM steps WHERE run = ?", run)?.last ?? 0;
}

export interface StepRow {
  readonly id: number;
  readonly number: number;
  readonly parent: number | null;
  readonly target: number;
  readonly path: string;
  readonly type: TargetType;
  readonly arguments: string;
  readonly options: string | null;
  readonly manifest: TargetOptions;
  readonly overrides: TargetOptions;
}

type RawStep = Omit<StepRow, "type" | "manifest" | "overrides"> & {
  readonly type: number;
  readonly manifestOptions: string | null;
};

const selected = `SELECT steps.id, number, parent, target, path, type, arguments, steps.options, targets.options AS manifestOptions
  FROM steps JOIN targets ON targets.id = steps.target`;

export function findStep(db: Database, run: number, number: number): StepRow | undefined {
  return named(db.get<RawStep>(`${selected} WHERE run = ? AND number = ?`, run, number));
}

/** The first step of a run; every run has one. */
export function getRoot(db: Database, { id, runId }: Pick<RunRow, "id" | "runId">): StepRow {
  const root = findStep(db, id, 1);
  if (root === undefined) throw new Error(`run ${runId} has no root`);
  return root;
}

export function getStep(db: Database, step: number): StepRow {
  const row = named(db.get<RawStep>(`${selected} WHERE steps.id = ?`, step));
  if (row === undefined) throw new Error(`step ${step} is not stored`);
  return row;
}

/** The first execution of the step that this call made, if it was made already. */
export function findCall(db: Database, parent: number, request: number): number | undefined {
  const sql = `SELECT executions.id FROM steps JOIN executions ON step = steps.id AND attempt = 1 WHERE parent = ? AND request = ?`;
  return db.get<{ id: number }>(sql, parent, request)?.id;
}

function named(row: RawStep | undefined): StepRow | undefined {
  if (row === undefined) return undefined;
  return {
    ...row,
    type: targetTypeOf(row.type),
    manifest: unpackOptions(row.manifestOptions),
    overrides: unpackOptions(row.options),
  };
}
