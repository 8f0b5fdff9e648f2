import type BetterSqlite3 from "better-sqlite3";

type Param = string | number | null;

/**
 * A connection to environment.db with its prepared statements. Rows come as the SQL names their columns.
 *
 * Write `LIMIT ? + 0`, not `LIMIT ?`: SQLite looks at the value of a bare parameter there to choose its plan, and so prepares the statement
 * anew for every run of it, at ten to a hundred times the cost.
 */
export class Database {
  readonly #sqlite: BetterSqlite3.Database;
  readonly #statements = new Map<string, BetterSqlite3.Statement<Param[]>>();

  constructor(sqlite: BetterSqlite3.Database) {
    this.#sqlite = sqlite;
  }

  get path(): string {
    return this.#sqlite.name;
  }

  /** The first row; `Row` must be what the SQL selects. */
  get<Row>(sql: string, ...params: Param[]): Row | undefined {
    return this.#statement(sql).get(...params) as Row | undefined; // The caller maps the row: it wrote the SQL.
  }

  /** All rows; `Row` must be what the SQL selects. */
  all<Row>(sql: string, ...params: Param[]): Row[] {
    return this.#statement(sql).all(...params) as Row[]; // The caller maps the rows: it wrote the SQL.
  }

  /** Returns how many rows changed. */
  run(sql: string, ...params: Param[]): number {
    return this.#statement(sql).run(...params).changes;
  }

  /** Returns the id of the new row. */
  insert(sql: string, ...params: Param[]): number {
    return Number(this.#statement(sql).run(...params).lastInsertRowid);
  }

  /** Runs `body` in one immediate transaction: kept when it returns, undone when it throws. */
  transaction<T>(body: () => T): T {
    this.run("BEGIN IMMEDIATE");
    try {
      const value = body();
      this.run("COMMIT");
      return value;
    } catch (error) {
      // SQLite rolls back by itself when the disk is full or fails.
      if (this.#sqlite.inTransaction) this.run("ROLLBACK");
      throw error;
    }
  }

  /** Runs `body` within a transaction: only what it wrote is undone when it throws. */
  savepoint<T>(body: () => T): T {
    this.run("SAVEPOINT command");
    try {
      const value = body();
      this.run("RELEASE command");
      return value;
    } catch (error) {
      if (this.#sqlite.inTransaction) {
        this.run("ROLLBACK TO command");
        this.run("RELEASE command");
      }
      throw error;
    }
  }

  /** Moves what is in the write-ahead log into the file; `truncate` empties the log and waits for readers (at most the busy timeout). */
  checkpoint(mode: "passive" | "truncate"): void {
    this.#sqlite.pragma(`wal_checkpoint(${mode})`);
  }

  close(): void {
    this.#statements.clear();
    this.#sqlite.close();
  }

  #statement(sql: string): BetterSqlite3.Statement<Param[]> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#sqlite.prepare<Param[]>(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
