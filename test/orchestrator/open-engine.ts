import { mkdtempSync, rmSync } from "node:fs";
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
  readonly directory: string;
  /** Errors that the engine took for bugs. */
  readonly bugs: unknown[];
  /** Lets go of everything in memory, as a crash between two batches would, and starts again from the file. */
  restart(): void;
  close(): void;
}

export function openEngine(limits: Partial<Limits> = {}, seed = 1): EngineUnderTest {
  const directory = mkdtempSync(join(tmpdir(), "coflux-engine-"));
  const random = seededRandom(seed);
  const bugs: unknown[] = [];
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
    directory,
    bugs,
    restart() {
      opened.close();
      opened = open(directory);
      engine = start();
    },
    close() {
      opened.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function open(directory: string): OpenDatabase {
  const opened = openDatabase(directory);
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}
