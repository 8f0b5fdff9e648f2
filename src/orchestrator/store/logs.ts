import type { Database } from "./database.ts";

export interface NewLog {
  readonly run: number;
  readonly execution: number;
  readonly sequence: number;
  readonly loggedAt: number;
  readonly level: number;
  readonly template: string;
  readonly values: string | null;
}

/** False when that line is there already. */
export function insertLog(db: Database, log: NewLog): boolean {
  const sql = `INSERT INTO logs (run, execution, sequence, logged_at, level, template, template_values)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
  return db.run(sql, log.run, log.execution, log.sequence, log.loggedAt, log.level, log.template, log.values) > 0;
}
