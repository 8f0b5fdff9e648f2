import type { SessionId } from "../../protocol/ids.ts";
import type { Database } from "./database.ts";
import { takenSlotCondition, yieldedSlotCondition } from "./slots.ts";

/** A connected session that hosts a target, whether it has room or not: the `Host` that rules decide from. */
export interface HostRow {
  readonly id: number;
  readonly sessionId: SessionId;
  readonly freeSlots: number;
  /** It holds as many waiting executions as it may. Of a session without a free slot nobody asks. */
  readonly isSaturated: boolean;
  readonly isDraining: boolean;
}

/**
 * Reads hosts as they are at one moment: each session's slots are counted once, and only of sessions that host what is asked for. Begin a new
 * one for each batch, and for each snapshot.
 */
export class HostsReader {
  readonly #db: Database;
  readonly #waitingPerSession: number;
  readonly #ofTarget = new Map<number, HostRow[]>();
  readonly #hosts = new Map<number, HostRow>();

  constructor(db: Database, waitingPerSession: number) {
    this.#db = db;
    this.#waitingPerSession = waitingPerSession;
  }

  /** The oldest session first. */
  ofTarget(target: number): readonly HostRow[] {
    const known = this.#ofTarget.get(target);
    if (known !== undefined) return known;
    const sessions = this.#db.all<SessionColumns>(
      `SELECT sessions.id, external_id AS sessionId, concurrency, is_draining AS isDraining
       FROM session_targets JOIN sessions ON sessions.id = session WHERE target = ? AND is_connected = 1 ORDER BY session`,
      target,
    );
    const hosts = sessions.map((session) => this.#hosts.get(session.id) ?? this.#count(session));
    this.#ofTarget.set(target, hosts);
    return hosts;
  }

  #count({ id, sessionId, concurrency, isDraining }: SessionColumns): HostRow {
    const limit = this.#waitingPerSession;
    const freeSlots = concurrency - this.#countUpTo(concurrency, id, takenSlotCondition);
    const isSaturated = freeSlots > 0 && this.#countUpTo(limit, id, yieldedSlotCondition) === limit;
    const host = { id, sessionId, freeSlots, isSaturated, isDraining: isDraining === 1 };
    this.#hosts.set(id, host);
    return host;
  }

  /** Executions of the session whose slots meet the condition. */
  #countUpTo(limit: number, session: number, condition: string): number {
    const rows = `SELECT 1 FROM executions WHERE session = ? AND ${condition} LIMIT ? + 0`;
    return this.#db.get<{ n: number }>(`SELECT count(*) AS n FROM (${rows})`, session, limit)?.n ?? 0;
  }
}

interface SessionColumns {
  readonly id: number;
  readonly sessionId: SessionId;
  readonly concurrency: number;
  readonly isDraining: number;
}
