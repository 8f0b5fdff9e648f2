import type { Database } from "./database.ts";

// A decision that concerns more rows than one turn may change is stored as a sweep, together with what is visible of it at once. Sweeps are
// worked off in slices, and survive a crash in between.

/** The position is what is stored, and the order in which they are worked off. */
const kinds = ["calls", "environment", "session"] as const;
/**
 * `calls`: cancels what an ended execution has called, and what it has become. `environment`: cancels everything that is live. `session`: gives
 * up what a session that has ended held.
 */
export type SweepKind = (typeof kinds)[number];

export interface Sweep {
  readonly kind: SweepKind;
  /** Row id of the execution or session. */
  readonly subject: number;
  /** Of `calls`: the last call that is done with. */
  readonly position: number;
}

/** One that is under way goes on where it is. */
export function addSweep(db: Database, kind: SweepKind, subject: number): void {
  const sql = "INSERT INTO sweeps (kind, subject, position) VALUES (?, ?, 0) ON CONFLICT DO NOTHING";
  db.run(sql, kinds.indexOf(kind), subject);
}

/** The next that is to be worked off, if there is any; of these kinds only, if `last` is given. */
export function firstSweep(db: Database, last: SweepKind = "session"): Sweep | undefined {
  const sql = "SELECT kind, subject, position FROM sweeps WHERE kind <= ? ORDER BY kind, subject LIMIT 1";
  const row = db.get<{ kind: number; subject: number; position: number }>(sql, kinds.indexOf(last));
  return row && { ...row, kind: kinds[row.kind] ?? "calls" };
}

export function moveSweep(db: Database, { kind, subject }: Sweep, position: number): void {
  db.run("UPDATE sweeps SET position = ? WHERE kind = ? AND subject = ?", position, kinds.indexOf(kind), subject);
}

export function endSweep(db: Database, { kind, subject }: Sweep): void {
  db.run("DELETE FROM sweeps WHERE kind = ? AND subject = ?", kinds.indexOf(kind), subject);
}
