import {
  type Manifest,
  type Parameter,
  type TargetDefinition,
  type TargetOptions,
  type TargetType,
} from "../../protocol/manifest.ts";
import { packOptions, unpackOptions } from "./value-columns.ts";
import type { Database } from "./database.ts";

const targetTypes: readonly TargetType[] = ["workflow", "task", "sensor"];

/** For SQL. */
export const workflowType = targetTypes.indexOf("workflow");

/**
 * For SQL: the latest registration of its repository has the target, or a live session hosts it, because an older version than the latest may still
 * be at work.
 */
export const knownCondition = "(is_registered = 1 OR EXISTS (SELECT 1 FROM session_targets WHERE target = targets.id))";

export interface TargetRow {
  readonly id: number;
  readonly type: TargetType;
  /** Most arguments it takes; null: any number. */
  readonly argumentsLimit: number | null;
  readonly options: TargetOptions;
  /** See `knownCondition`. */
  readonly isKnown: boolean;
}

export function findTarget(db: Database, path: string): TargetRow | undefined {
  const row = db.get<{
    id: number;
    type: number;
    argumentsLimit: number | null;
    options: string;
    isKnown: number;
  }>(
    `SELECT id, type, arguments_limit AS argumentsLimit, options,
       ${knownCondition} AS isKnown FROM targets WHERE path = ?`,
    path,
  );
  if (row === undefined) return undefined;
  return {
    ...row,
    type: targetTypeOf(row.type),
    options: unpackOptions(row.options),
    isKnown: row.isKnown === 1,
  };
}

/** The parameters of a target as they were declared last. */
export function findParameters(db: Database, path: string): readonly Parameter[] {
  const row = db.get<{ parameters: string | null }>(
    "SELECT definition ->> 'parameters' AS parameters FROM targets WHERE path = ?",
    path,
  );
  return JSON.parse(row?.parameters ?? "[]") as Parameter[]; // Written by `saveTarget`.
}

export function targetTypeOf(code: number): TargetType {
  return targetTypes[code] ?? "task";
}

/** Makes this the latest registration of its repository, and its definitions those of its targets. Returns the ids of the targets. */
export function registerRepository(db: Database, manifest: Manifest): readonly number[] {
  const definitions = JSON.stringify(manifest.targets);
  const before = db.get<{ id: number; version: string; targets: string }>(
    "SELECT id, version, targets FROM repositories WHERE name = ?",
    manifest.name,
  );
  if (before?.version === manifest.version && before.targets === definitions) {
    return registeredTargets(db, before.id);
  }
  const id = saveRepository(db, manifest, definitions);
  db.run("UPDATE targets SET is_registered = 0 WHERE repository = ?", id);
  return manifest.targets.map((definition) => saveTarget(db, { id, name: manifest.name }, definition));
}

function registeredTargets(db: Database, repository: number): number[] {
  return db
    .all<{ id: number }>("SELECT id FROM targets WHERE repository = ? AND is_registered = 1", repository)
    .map(({ id }) => id);
}

function saveRepository(db: Database, { name, version }: Manifest, definitions: string): number {
  const saved = db.get<{ id: number }>(
    `INSERT INTO repositories (name, version, targets) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET version = excluded.version, targets = excluded.targets RETURNING id`,
    name,
    version,
    definitions,
  );
  if (saved === undefined) throw new Error(`repository ${name} was not saved`);
  return saved.id;
}

interface SavedRepository {
  readonly id: number;
  readonly name: string;
}

function saveTarget(db: Database, repository: SavedRepository, definition: TargetDefinition): number {
  const hasRest = definition.parameters.some((parameter) => parameter.isRest);
  const saved = db.get<{ id: number }>(
    `INSERT INTO targets (path, repository, type, arguments_limit, options, definition, is_registered) VALUES (?, ?, ?, ?, ?, ?, 1)
     ON CONFLICT (path) DO UPDATE SET type = excluded.type, arguments_limit = excluded.arguments_limit,
       options = excluded.options, definition = excluded.definition, is_registered = 1 RETURNING id`,
    `${repository.name}/${definition.name}`,
    repository.id,
    targetTypes.indexOf(definition.type),
    hasRest ? null : definition.parameters.length,
    packOptions(definition.options),
    JSON.stringify(definition),
  );
  if (saved === undefined) throw new Error(`target ${definition.name} was not saved`);
  return saved.id;
}
