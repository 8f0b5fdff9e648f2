import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../../src/base/random.ts";
import { type Engine, createEngine } from "../../src/orchestrator/engine.ts";
import type { Limits } from "../../src/orchestrator/limits.ts";
import type { Database } from "../../src/orchestrator/store/database.ts";
import { type OpenDatabase, openDatabase } from "../../src/orchestrator/store/open.ts";

/** An engine over a real database in a directory of its own. */
export interface EngineUnderTest {
  readonly engine: Engine;
  readonly db: Database;
  /** Errors that the engine took for bugs. */
  readonly bugs: unknown[];
  /** Starts again from what the files hold at this moment, as after a crash between two batches. */
  restart(): void;
  close(): void;
}

export function openEngine(limits: Partial<Limits> = {}, seed = 1): EngineUnderTest {
  const root = mkdtempSync(join(tmpdir(), "coflux-engine-"));
  const random = seededRandom(seed);
  const bugs: unknown[] = [];
  let starts = 0;
  let directory = join(root, String(starts));
  mkdirSync(directory);
  let opened = open(directory);
  const start = (): Engine =>
    createEngine({ database: opened.database, random, limits, onBug: (error) => bugs.push(error) });
  let engine = start();
  return {
    get engine() {
      return engine;
    },
    get db() {
      return opened.database;
    },
    bugs,
    restart() {
      const next = join(root, String(++starts));
      mkdirSync(next);
      for (const name of databaseFiles(directory)) copyFileSync(join(directory, name), join(next, name));
      opened.close();
      directory = next;
      opened = open(directory);
      engine = start();
    },
    close() {
      opened.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** The database as a killed process leaves it: with its write-ahead log, and not marked as clean. */
function databaseFiles(directory: string): string[] {
  return readdirSync(directory).filter((name) => name === "environment.db" || name === "environment.db-wal");
}

function open(directory: string): OpenDatabase {
  const opened = openDatabase(directory);
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}
