import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import type { Ms } from "../base/clock.ts";
import { type Result, failure, ok } from "../base/result.ts";

// The supervisor's own small database: which projects and environments exist, and what is remembered of each between two starts.

export interface ProjectRecord {
  readonly name: string;
  readonly createdAt: Ms;
  readonly environments: number;
}

export interface EnvironmentRecord {
  readonly id: number;
  readonly project: string;
  readonly name: string;
  readonly base: string | null;
  readonly isArchived: boolean;
  readonly isPaused: boolean;
  readonly isWanted: boolean;
  readonly nextWakeAt: Ms | null;
  readonly createdAt: Ms;
}

/** What an orchestrator reports of its environment, and what the supervisor concludes. */
export interface EnvironmentFacts {
  readonly isPaused: boolean;
  readonly isWanted: boolean;
  readonly nextWakeAt: Ms | null;
}

export interface Registry {
  projects(): readonly ProjectRecord[];
  findProject(name: string): ProjectRecord | undefined;
  addProject(name: string, createdAt: Ms): void;
  removeProject(name: string): void;
  /** Of one project, or all; by name. */
  environments(project?: string): readonly EnvironmentRecord[];
  findEnvironment(project: string, name: string): EnvironmentRecord | undefined;
  addEnvironment(project: string, name: string, base: string | null, createdAt: Ms): EnvironmentRecord;
  archiveEnvironment(id: number): void;
  /** Those that are based on it stand on nothing from now on. */
  removeEnvironment(environment: EnvironmentRecord): void;
  /** False when the disk does not take it; the facts are said again. */
  noteFacts(id: number, facts: EnvironmentFacts): boolean;
  close(): void;
}

interface EnvironmentRow {
  readonly id: number;
  readonly project: string;
  readonly name: string;
  readonly base: string | null;
  readonly is_archived: number;
  readonly is_paused: number;
  readonly is_wanted: number;
  readonly next_wake_at: number | null;
  readonly created_at: number;
}

interface ProjectRow {
  readonly name: string;
  readonly created_at: number;
  readonly environments: number;
}

/** Opens the registry and brings it up to date; or says why not, in one sentence. */
export function openRegistry(path: string): Result<Registry, string> {
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { timeout: 200 });
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = FULL");
    database.pragma("foreign_keys = ON");
    const migrated = migrate(database);
    if (migrated.ok) return ok(registryOf(database));
    database.close();
    return failure(`${path} ${migrated.error}`);
  } catch (error) {
    database?.close();
    if (!(error instanceof Database.SqliteError)) throw error;
    return failure(`${path} cannot be opened: ${error.message} (${error.code})`);
  }
}

/** Numbered files, each applied once and in order; `user_version` says how far it is. */
function migrate(database: Database.Database): Result<null, string> {
  const directory = fileURLToPath(new URL("./migrations/", import.meta.url));
  const files = readdirSync(directory)
    .filter((name) => name.endsWith(".sql"))
    .toSorted();
  const current = Number(database.pragma("user_version", { simple: true }));
  if (current > files.length) {
    return failure(`was written by a newer version of Coflux (schema ${current}, this one knows ${files.length})`);
  }
  for (const [index, file] of files.slice(current).entries()) {
    const apply = database.transaction(() => {
      database.exec(readFileSync(directory + file, "utf8"));
      database.pragma(`user_version = ${current + index + 1}`);
    });
    apply.immediate();
  }
  return ok(null);
}

function registryOf(database: Database.Database): Registry {
  const projectColumns = `name, created_at,
    (SELECT count(*) FROM environments WHERE project = projects.name AND is_archived = 0) AS environments`;
  const projects = database.prepare<[], ProjectRow>(`SELECT ${projectColumns} FROM projects ORDER BY name`);
  const project = database.prepare<[string], ProjectRow>(`SELECT ${projectColumns} FROM projects WHERE name = ?`);
  const addProject = database.prepare<[string, number]>("INSERT INTO projects (name, created_at) VALUES (?, ?)");
  const removeProject = database.prepare<[string]>("DELETE FROM projects WHERE name = ?");
  const environments = database.prepare<[], EnvironmentRow>("SELECT * FROM environments ORDER BY project, name");
  const ofProject = database.prepare<[string], EnvironmentRow>(
    "SELECT * FROM environments WHERE project = ? ORDER BY name",
  );
  const environment = database.prepare<[string, string], EnvironmentRow>(
    "SELECT * FROM environments WHERE project = ? AND name = ?",
  );
  const addEnvironment = database.prepare<[string, string, string | null, number], EnvironmentRow>(
    "INSERT INTO environments (project, name, base, created_at) VALUES (?, ?, ?, ?) RETURNING *",
  );
  const archive = database.prepare<[number]>(
    "UPDATE environments SET is_archived = 1, is_wanted = 0, next_wake_at = NULL WHERE id = ?",
  );
  const removeBase = database.prepare<[string, string]>(
    "UPDATE environments SET base = NULL WHERE project = ? AND base = ?",
  );
  const removeRow = database.prepare<[number]>("DELETE FROM environments WHERE id = ?");
  const removeEnvironment = database.transaction(({ id, project: of, name }: EnvironmentRecord) => {
    removeBase.run(of, name);
    removeRow.run(id);
  });
  const noteFacts = database.prepare<[number, number, number | null, number]>(
    "UPDATE environments SET is_paused = ?, is_wanted = ?, next_wake_at = ? WHERE id = ?",
  );

  return {
    projects: () => projects.all().map(projectOf),
    findProject: (name) => mapped(project.get(name), projectOf),
    addProject: (name, createdAt) => void addProject.run(name, createdAt),
    removeProject: (name) => void removeProject.run(name),
    environments: (of) => (of === undefined ? environments.all() : ofProject.all(of)).map(environmentOf),
    findEnvironment: (of, name) => mapped(environment.get(of, name), environmentOf),
    addEnvironment(of, name, base, createdAt) {
      const row = addEnvironment.get(of, name, base, createdAt);
      if (row === undefined) throw new Error("an insert gave no row");
      return environmentOf(row);
    },
    archiveEnvironment: (id) => void archive.run(id),
    removeEnvironment: (record) => removeEnvironment.immediate(record),
    noteFacts(id, { isPaused, isWanted, nextWakeAt }) {
      try {
        noteFacts.run(Number(isPaused), Number(isWanted), nextWakeAt, id);
        return true;
      } catch (error) {
        if (isStorageFull(error)) return false;
        throw error;
      }
    },
    close: () => void database.close(),
  };
}

/** Whether the disk was full: what was asked for has not happened, and may be asked again. */
export function isStorageFull(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code === "SQLITE_FULL";
}

function projectOf(row: ProjectRow): ProjectRecord {
  return { name: row.name, createdAt: row.created_at, environments: row.environments };
}

function environmentOf(row: EnvironmentRow): EnvironmentRecord {
  return {
    id: row.id,
    project: row.project,
    name: row.name,
    base: row.base,
    isArchived: row.is_archived === 1,
    isPaused: row.is_paused === 1,
    isWanted: row.is_wanted === 1,
    nextWakeAt: row.next_wake_at,
    createdAt: row.created_at,
  };
}

function mapped<T, U>(value: T | undefined, change: (value: T) => U): U | undefined {
  return value === undefined ? undefined : change(value);
}
