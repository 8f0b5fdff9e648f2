import { statfsSync } from "node:fs";
import { join } from "node:path";
import BetterSqlite3 from "better-sqlite3";
import { Database } from "./database.ts";
import { FatalError, type FatalFailure } from "./fatal-error.ts";
import { type OnProgress, migrate } from "./migrate.ts";
import { storageFault } from "./sqlite-errors.ts";
import { fileSystemFault, sqliteVersionFault } from "./storage-fitness.ts";
import type { Ms } from "../../base/clock.ts";
import { type Result, failure, ok } from "../../base/result.ts";
import { errorText } from "../../base/error-text.ts";

// Opening an environment's database. The order matters: the lock before anything is read, durability before anything is written.
// environment.db and lock.db are never opened with node:fs in this process: closing such a descriptor drops SQLite's locks on the file.

/** How long a predecessor that is just ending may still hold the lock. Blocks the start. */
const LOCK_WAIT_MS = 2_000;
/** How long a write waits for an external tool that writes to the same file. Blocks the event loop. */
const BUSY_TIMEOUT_MS = 200;
/** After an unclean stop a database up to this size is checked at the start (about 0.2 s); a larger one is checked as its pages are read. */
const CHECKED_SIZE_BYTES = 134_217_728;
/** The write-ahead log is cut back to this after it has grown. */
const JOURNAL_SIZE_LIMIT_BYTES = 67_108_864;

export interface OpenDatabase {
  readonly database: Database;
  /** Counts the starts of this environment's orchestrator; frames of an earlier one are void. */
  readonly epoch: number;
  /** Marks the stop as clean, empties the write-ahead log and lets go of the lock. */
  close(): void;
}

export interface OpenOptions {
  /** Directory of the numbered SQL files; those of this version unless given. */
  readonly migrations?: URL;
  readonly lockWaitMs?: Ms;
  /** Called before whatever may take long, with how much of it is done where that is known. */
  readonly onProgress?: OnProgress;
}

/** Opens the database in `directory`, which must exist, as its only writer; creates it if there is none. */
export function openDatabase(directory: string, options: OpenOptions = {}): Result<OpenDatabase, FatalFailure> {
  let lock: BetterSqlite3.Database | undefined;
  try {
    assertLocalDisk(directory);
    lock = takeLock(join(directory, "lock.db"), options.lockWaitMs ?? LOCK_WAIT_MS);
    return ok(openLocked(directory, lock, options));
  } catch (error) {
    lock?.close();
    return failure(asFailure(error, directory));
  }
}

/** A second connection that only reads, for a worker thread: it sees committed transactions. */
export function openReader(path: string): Database {
  const sqlite = new BetterSqlite3(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  sqlite.pragma("query_only = ON");
  sqlite.pragma("trusted_schema = OFF");
  sqlite.pragma("temp_store = MEMORY");
  return new Database(sqlite);
}

function openLocked(
  directory: string,
  lock: BetterSqlite3.Database,
  { migrations, onProgress = () => undefined }: OpenOptions,
): OpenDatabase {
  const sqlite = new BetterSqlite3(join(directory, "environment.db"), { timeout: BUSY_TIMEOUT_MS });
  try {
    configure(sqlite);
    migrate(sqlite, directory, { migrations, onProgress });
    checkAfterCrash(sqlite, onProgress);
    const epoch = beginEpoch(sqlite);
    assertDurable(sqlite);
    const database = new Database(sqlite);
    return { database, epoch, close: () => closeCleanly(database, lock) };
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

function closeCleanly(database: Database, lock: BetterSqlite3.Database): void {
  try {
    database.run("UPDATE environment SET is_clean = 1");
    database.checkpoint("truncate");
  } catch (error) {
    // A full or failing disk makes the stop an unclean one; the next start looks the database over.
    if (storageFault(error) === undefined) throw error;
  } finally {
    database.close();
    lock.close();
  }
}

function assertLocalDisk(directory: string): void {
  const fault = fileSystemFault(directory, statfsSync(directory).type);
  if (fault !== undefined) throw new FatalError("storage_failed", fault);
}

/** The lock is freed by the kernel at the very moment its holder dies, however it dies. */
function takeLock(path: string, timeout: Ms): BetterSqlite3.Database {
  const lock = new BetterSqlite3(path, { timeout });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    if (storageFault(error)?.kind !== "busy") throw error;
    throw new FatalError("locked", `another orchestrator holds ${path}: end that process, or wait until it has ended`, {
      cause: error,
    });
  }
}

function configure(sqlite: BetterSqlite3.Database): void {
  const fault = sqliteVersionFault(String(sqlite.prepare("SELECT sqlite_version()").pluck().get()));
  if (fault !== undefined) throw new FatalError("storage_failed", fault);
  sqlite.pragma("journal_mode = WAL");
  // The library is compiled to fall back to NORMAL, which loses acknowledged commits when the power fails.
  sqlite.pragma("synchronous = FULL");
  if (process.platform === "darwin") sqlite.pragma("fullfsync = ON");
  sqlite.pragma("foreign_keys = ON");
  sqlite.pragma("trusted_schema = OFF");
  sqlite.pragma("cell_size_check = ON");
  sqlite.pragma("temp_store = MEMORY");
  sqlite.pragma(`journal_size_limit = ${JOURNAL_SIZE_LIMIT_BYTES}`);
}

function checkAfterCrash(sqlite: BetterSqlite3.Database, onProgress: OnProgress): void {
  const isClean = sqlite.prepare("SELECT is_clean FROM environment").pluck().get() === 1;
  const bytes =
    Number(sqlite.pragma("page_count", { simple: true })) * Number(sqlite.pragma("page_size", { simple: true }));
  if (isClean || bytes > CHECKED_SIZE_BYTES) return;
  onProgress("checking the database after an unclean end", null);
  const finding = sqlite.pragma("quick_check(1)", { simple: true });
  if (finding !== "ok") {
    throw new FatalError("corrupt_database", `${sqlite.name} is damaged (${String(finding)}): restore a backup of it`);
  }
}

function beginEpoch(sqlite: BetterSqlite3.Database): number {
  return Number(sqlite.prepare("UPDATE environment SET epoch = epoch + 1, is_clean = 0 RETURNING epoch").pluck().get());
}

/** Asserted after the first write, because the fall-back happens at the first statement, after the value was set and read. */
function assertDurable(sqlite: BetterSqlite3.Database): void {
  const synchronous = sqlite.pragma("synchronous", { simple: true });
  const journal = sqlite.pragma("journal_mode", { simple: true });
  if (synchronous === 2 && journal === "wal") return;
  throw new FatalError(
    "storage_failed",
    `${sqlite.name} is open with synchronous=${String(synchronous)}, journal_mode=${String(journal)}; commits would not be durable`,
  );
}

function asFailure(error: unknown, directory: string): FatalFailure {
  if (error instanceof FatalError) return { code: error.code, message: error.message };
  const fault = storageFault(error);
  const reason = errorText(error);
  if (fault?.kind === "fatal" && fault.code === "corrupt_database") {
    return { code: fault.code, message: `the database in ${directory} is damaged (${reason}): restore a backup of it` };
  }
  return { code: "storage_failed", message: `the database in ${directory} cannot be opened: ${reason}` };
}
