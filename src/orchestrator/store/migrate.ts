import { readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type BetterSqlite3 from "better-sqlite3";
import { FatalError } from "./fatal-error.ts";

/** Beside this file in the sources, beside the bundle in a build. */
const ownMigrations = new URL("./migrations/", import.meta.url);

export type OnProgress = (phase: string, percent: number | null) => void;

/**
 * Brings the schema to the newest version: numbered files, forward only, one transaction each. A database that already holds something is
 * copied first, to `environment-before-<version>.db`. One with a schema newer than this program is refused untouched.
 */
export function migrate(
  sqlite: BetterSqlite3.Database,
  directory: string,
  {
    migrations = ownMigrations,
    onProgress,
  }: { readonly migrations?: URL | undefined; readonly onProgress: OnProgress },
): void {
  const files = readdirSync(migrations)
    .filter((name) => /^\d{4}\.sql$/.test(name))
    .toSorted();
  const version = Number(sqlite.pragma("user_version", { simple: true }));
  if (version > files.length) {
    throw new FatalError(
      "newer_schema",
      `${sqlite.name} has schema ${version}, this version knows ${files.length}: run the newer version, or restore the copy made before the upgrade`,
    );
  }
  if (version > 0 && version < files.length) {
    onProgress("copying the database before it is migrated", null);
    keepCopy(sqlite, directory, files.length);
  }
  for (const [index, name] of files.entries()) {
    if (index + 1 !== Number(name.slice(0, 4))) throw new Error(`migration ${name} is out of order`);
    if (index < version) continue;
    onProgress("migrating the database", (100 * (index - version)) / (files.length - version));
    apply(sqlite, readFileSync(new URL(name, migrations), "utf8"), index + 1);
  }
}

function keepCopy(sqlite: BetterSqlite3.Database, directory: string, version: number): void {
  const copy = join(directory, `environment-before-${String(version).padStart(4, "0")}.db`);
  rmSync(copy, { force: true }); // Left by an attempt that did not come to its end.
  sqlite.prepare("VACUUM INTO ?").run(copy);
}

function apply(sqlite: BetterSqlite3.Database, sql: string, version: number): void {
  sqlite.exec("BEGIN IMMEDIATE");
  try {
    sqlite.exec(sql);
    sqlite.pragma(`user_version = ${version}`);
    sqlite.exec("COMMIT");
  } catch (error) {
    if (sqlite.inTransaction) sqlite.exec("ROLLBACK");
    throw error;
  }
}
