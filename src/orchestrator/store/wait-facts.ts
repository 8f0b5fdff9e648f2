import { type RunId, executionIdOf } from "../../protocol/ids.ts";
import type { ExecutionStatus } from "../../protocol/views.ts";
import type { Database } from "./database.ts";
import { environmentState } from "./environment.ts";
import { HostsReader } from "./hosts.ts";

/** The columns of an execution that its reason for waiting follows from. */
export interface WaitingRow {
  readonly id: number;
  readonly status: ExecutionStatus;
  readonly attempt: number;
  readonly dueAt: number;
  /** Row id and path of its target. */
  readonly target: number;
  readonly path: string;
}

/**
 * Reads what `waitReason` (rules/wait-reason.ts) decides from, for many executions at one moment: what they share is read once. Begin a
 * new one for each snapshot.
 */
export class WaitFactsReader {
  readonly #db: Database;
  readonly #isPaused: boolean;
  readonly #hosts: HostsReader;

  constructor(db: Database, waitingPerSession: number) {
    this.#db = db;
    this.#hosts = new HostsReader(db, waitingPerSession);
    this.#isPaused = environmentState(db) === "paused";
  }

  factsOf({ id, status, attempt, dueAt, target, path }: WaitingRow) {
    const hosts = status === "queued" ? this.#hosts.ofTarget(target) : [];
    return {
      status,
      attempt,
      dueAt,
      target: path,
      // It matters only then, and a run may have many that are queued.
      isAwaited: hosts.some((host) => host.isSaturated) && this.#isAwaited(id),
      awaits: status === "assigned" ? this.#awaitedBy(id) : [],
      isPaused: this.#isPaused,
      hosts,
      holder: status === "assigned" ? this.#holderOf(id) : null,
    };
  }

  #holderOf(id: number): HolderRow | null {
    const row = this.#db.get<{ sessionId: string; isConnected: number; isUnstarted: number }>(
      `SELECT external_id AS sessionId, is_connected AS isConnected, expires_at IS NULL
         AND coalesce(steps.options ->> 'timeoutMs', targets.options ->> 'timeoutMs') IS NOT NULL AS isUnstarted
       FROM executions JOIN sessions ON sessions.id = session JOIN steps ON steps.id = step JOIN targets ON targets.id = steps.target
       WHERE executions.id = ?`,
      id,
    );
    if (row === undefined) return null;
    return { sessionId: row.sessionId, isConnected: row.isConnected === 1, isUnstarted: row.isUnstarted === 1 };
  }

  #isAwaited(id: number): boolean {
    return this.#db.get("SELECT 1 FROM waits WHERE awaited = ? LIMIT 1", id) !== undefined;
  }

  #awaitedBy(id: number): string[] {
    const rows = this.#db.all<{ runId: RunId; number: number; attempt: number }>(
      `SELECT runs.external_id AS runId, number, attempt FROM waits
         JOIN executions ON executions.id = awaited JOIN steps ON steps.id = step JOIN runs ON runs.id = run
       WHERE caller = ? ORDER BY waits.request`,
      id,
    );
    return [...new Set(rows.map((row) => executionIdOf(row.runId, row.number, row.attempt)))];
  }
}

interface HolderRow {
  readonly sessionId: string;
  readonly isConnected: boolean;
  readonly isUnstarted: boolean;
}
