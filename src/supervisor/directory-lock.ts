import Database from "better-sqlite3";
import { type Result, failure, ok } from "../base/result.ts";

/** Holds a data directory for one server; the system releases it when the process ends, however it ends. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Takes the lock, or fails at once when another process has it. It is a transaction on a database of its own that never ends. Nobody may open
 * that file in another way: closing any descriptor of it within this process would drop the lock.
 */
export function lockDirectory(lockPath: string): Result<DirectoryLock, "held"> {
  const database = new Database(lockPath, { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY")) return failure("held");
    throw error;
  }
  return ok({ release: () => void database.close() });
}
