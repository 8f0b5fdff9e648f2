import { type Manifest, type TargetDefinition, type TargetOptions, type TargetType } from "../../protocol/manifest.ts";
import { packOptions, unpackOptions } from "./value-columns.ts";
import type { Database } from "./database.ts";

const targetTypes: readonly TargetType[] = ["workflow", "task", "sensor"];

export interface TargetRow {
  readonly id: number;
  readonly type: TargetType;
  /** Most arguments it takes; null: any number. */
  readonly argumentsLimit: number | null;
  readonly options: TargetOptions;
  /** False once its repository no longer has it. */
  readonly isRegistered: boolean;
}

export function findTarget(db: Database, path: string): TargetRow | undefined {
  const row = db.get<{
    id: number;
    type: number;
    argumentsLimit: number | null;
    options: string;
    isRegistered: number;
  }>(
    `SELECT id, type, arguments_limit AS argumentsLimit, options, is_registered AS isRegistered FROM targets WHERE path = ?`,
    path,
  );
  if (row === undefined) return undefined;
  return {
    ...row,
    type: targetTypeOf(row.type),
    options: unpackOptions(row.options),
    isRegistered: row.isRegistered === 1,
  };
}

export function targetTypeOf(code: number): TargetType {
  return targetTypes[code] ?? "task";
}

/** Makes this the current registration of its repository. Returns the ids of its targets, and whether anything changed. */
export function registerRepository(
  db: Database,
  manifest: Manifest,
): { targets: readonly number[]; isChanged: boolean } {
  const definitions = JSON.stringify(manifest.targets);
  const before = db.get<{ id: number; version: string; targets: string }>(
    "SELECT id, version, targets FROM repositories WHERE name = ?",
    manifest.name,
  );
  if (before?.version === manifest.version && before.targets === definitions) {
    return { targets: registeredTargets(db, before.id), isChanged: false };
  }
  const repository = saveRepository(db, manifest.name, manifest.version, definitions);
  db.run("UPDATE targets SET is_registered = 0 WHERE repository = ?", repository);
  const targets = manifest.targets.map((definition) => saveTarget(db, repository, manifest.name, definition));
  return { targets, isChanged: true };
}

function registeredTargets(db: Database, repository: number): number[] {
  return db
    .all<{ id: number }>("SELECT id FROM targets WHERE repository = ? AND is_registered = 1", repository)
    .map(({ id }) => id);
}

function saveRepository(db: Database, name: string, version: string, definitions: string): number {
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

function saveTarget(db: Database, repository: number, repositoryName: string, definition: TargetDefinition): number {
  const hasRest = definition.parameters.some((parameter) => parameter.isRest);
  const saved = db.get<{ id: number }>(
    `INSERT INTO targets (path, repository, type, arguments_limit, options, is_registered) VALUES (?, ?, ?, ?, ?, 1)
     ON CONFLICT (path) DO UPDATE SET type = excluded.type, arguments_limit = excluded.arguments_limit,
       options = excluded.options, is_registered = 1 RETURNING id`,
    `${repositoryName}/${definition.name}`,
    repository,
    targetTypes.indexOf(definition.type),
    hasRest ? null : definition.parameters.length,
    packOptions(definition.options),
  );
  if (saved === undefined) throw new Error(`target ${definition.name} was not saved`);
  return saved.id;
}
