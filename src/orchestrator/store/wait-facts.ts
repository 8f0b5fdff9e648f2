import { type RunId, executionIdOf } from "../../protocol/ids.ts";
import type { ExecutionStatus } from "../../protocol/views.ts";
import type { Database } from "./database.ts";
import { environmentState } from "./environment.ts";
import { countHeldSlots, countWaiting } from "./executions.ts";

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
  readonly #waitingPerSession: number;
  readonly #isPaused: boolean;
  readonly #hosts = new Map<number, HostFactsRow[]>();

  constructor(db: Database, waitingPerSession: number) {
    this.#db = db;
    this.#waitingPerSession = waitingPerSession;
    this.#isPaused = environmentState(db) === "paused";
  }

  factsOf({ id, status, attempt, dueAt, target, path }: WaitingRow) {
    const hosts = status === "queued" ? this.#hostsOf(target) : [];
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
    const row = this.#db.get<{ session: string; isConnected: number; isUnstarted: number }>(
      `SELECT external_id AS session, is_connected AS isConnected, expires_at IS NULL
         AND coalesce(steps.options ->> 'timeoutMs', targets.options ->> 'timeoutMs') IS NOT NULL AS isUnstarted
       FROM executions JOIN sessions ON sessions.id = session JOIN steps ON steps.id = step JOIN targets ON targets.id = steps.target
       WHERE executions.id = ?`,
      id,
    );
    if (row === undefined) return null;
    return { session: row.session, isConnected: row.isConnected === 1, isUnstarted: row.isUnstarted === 1 };
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

  #hostsOf(target: number): HostFactsRow[] {
    const known = this.#hosts.get(target);
    if (known !== undefined) return known;
    const rows = this.#db.all<{ id: number; session: string; concurrency: number; isDraining: number }>(
      `SELECT sessions.id, external_id AS session, concurrency, is_draining AS isDraining
       FROM session_targets JOIN sessions ON sessions.id = session WHERE target = ? AND is_connected = 1 ORDER BY sessions.id`,
      target,
    );
    const limit = this.#waitingPerSession;
    const hosts = rows.map(({ id, session, concurrency, isDraining }) => ({
      session,
      isDraining: isDraining === 1,
      hasFreeSlot: countHeldSlots(this.#db, id, concurrency) < concurrency,
      isSaturated: countWaiting(this.#db, id, limit) === limit,
    }));
    this.#hosts.set(target, hosts);
    return hosts;
  }
}

interface HolderRow {
  readonly session: string;
  readonly isConnected: boolean;
  readonly isUnstarted: boolean;
}

interface HostFactsRow {
  readonly session: string;
  readonly isDraining: boolean;
  readonly hasFreeSlot: boolean;
  readonly isSaturated: boolean;
}
