import type { Database } from "./database.ts";
import type { SessionId } from "../../protocol/ids.ts";

export interface SessionRow {
  readonly id: number;
  readonly sessionId: SessionId;
  readonly secretHash: string;
  readonly lastSequence: number;
  readonly isDraining: boolean;
}

export interface NewSession {
  readonly sessionId: SessionId;
  readonly secretHash: string;
  readonly pid: number;
  readonly host: string;
  readonly version: string;
  readonly createdAt: number;
}

const columns =
  "id, external_id AS sessionId, secret_hash AS secretHash, last_sequence AS lastSequence, is_draining AS isDraining";

export function insertSession(db: Database, session: NewSession): void {
  db.run(
    `INSERT INTO sessions (external_id, secret_hash, pid, host, version, created_at, last_sequence, is_connected, is_draining,
       concurrency, provides) VALUES (?, ?, ?, ?, ?, ?, 0, 1, 0, 0, '{}')`,
    session.sessionId,
    session.secretHash,
    session.pid,
    session.host,
    session.version,
    session.createdAt,
  );
}

/** A session that has not ended. */
export function findSession(db: Database, sessionId: string): SessionRow | undefined {
  const sql = `SELECT ${columns} FROM sessions WHERE external_id = ? AND ended_at IS NULL`;
  const row = db.get<Raw<SessionRow>>(sql, sessionId);
  return row && withFlag(row);
}

export function liveSessions(db: Database): SessionRow[] {
  return db.all<Raw<SessionRow>>(`SELECT ${columns} FROM sessions WHERE ended_at IS NULL ORDER BY id`).map(withFlag);
}

export function setConnected(db: Database, session: number, isConnected: boolean): void {
  db.run("UPDATE sessions SET is_connected = ? WHERE id = ?", isConnected ? 1 : 0, session);
}

export function disconnectAll(db: Database): void {
  db.run("UPDATE sessions SET is_connected = 0 WHERE ended_at IS NULL");
}

export function setDraining(db: Database, session: number): void {
  db.run("UPDATE sessions SET is_draining = 1 WHERE id = ?", session);
}

/** Moves the number of the last committed frame forward; false when the session has ended or the number is no later one. */
export function advanceSequence(db: Database, sessionId: string, sequence: number): boolean {
  const sql = "UPDATE sessions SET last_sequence = ? WHERE external_id = ? AND ended_at IS NULL AND last_sequence < ?";
  return db.run(sql, sequence, sessionId, sequence) > 0;
}

export interface Declaration {
  readonly concurrency: number;
  readonly provides: string;
  readonly targets: readonly number[];
}

/** Replaces what the session declared before. */
export function declareSession(db: Database, session: number, { concurrency, provides, targets }: Declaration): void {
  db.run("UPDATE sessions SET concurrency = ?, provides = ? WHERE id = ?", concurrency, provides, session);
  db.run("DELETE FROM session_targets WHERE session = ?", session);
  for (const target of targets) {
    db.run("INSERT INTO session_targets (target, session) VALUES (?, ?) ON CONFLICT DO NOTHING", target, session);
  }
}

/** The session never comes back. What it was executing is the caller's to end. */
export function endSession(db: Database, session: number, now: number): void {
  db.run("UPDATE sessions SET ended_at = ?, is_connected = 0 WHERE id = ?", now, session);
  db.run("DELETE FROM session_targets WHERE session = ?", session);
}

/** A row as SQLite gives it: it knows numbers, and no truth. */
type Raw<T> = Omit<T, "isDraining"> & { readonly isDraining: number };

function withFlag<T extends { readonly isDraining: number }>(row: T): Omit<T, "isDraining"> & { isDraining: boolean } {
  return { ...row, isDraining: row.isDraining === 1 };
}
