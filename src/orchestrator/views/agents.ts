import { grouped } from "../../base/grouped.ts";
import type { AgentView, AgentsView } from "../../protocol/views.ts";
import type { Database } from "../store/database.ts";
import { inSlotCondition, takenSlotCondition, yieldedSlotCondition } from "../store/slots.ts";

interface SessionListRow {
  readonly id: number;
  readonly sessionId: string;
  readonly isConnected: number;
  readonly isDraining: number;
  readonly concurrency: number;
  readonly provides: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly createdAt: number;
}

/** The sessions that have not ended, oldest first. */
export function agentsView(db: Database): AgentsView {
  const repositories = repositoriesBySession(db);
  const slots = slotsBySession(db);
  const rows = db.all<SessionListRow>(
    `SELECT id, external_id AS sessionId, is_connected AS isConnected, is_draining AS isDraining, concurrency, provides, host, pid,
       version, created_at AS createdAt
     FROM sessions WHERE ended_at IS NULL ORDER BY id`,
  );
  return {
    agents: rows.map(({ id, isConnected, isDraining, provides, ...session }) => ({
      ...session,
      connected: isConnected === 1,
      draining: isDraining === 1,
      repositories: repositories.get(id) ?? [],
      running: slots.get(id)?.running ?? 0,
      waiting: slots.get(id)?.waiting ?? 0,
      provides: JSON.parse(provides) as AgentView["provides"], // Stored from a declaration that was checked.
    })),
  };
}

function repositoriesBySession(db: Database): Map<number, string[]> {
  const rows = db.all<{ session: number; name: string }>(
    `SELECT DISTINCT session, name FROM session_targets JOIN targets ON targets.id = target
       JOIN repositories ON repositories.id = repository ORDER BY name`,
  );
  return grouped(
    rows,
    ({ session }) => session,
    ({ name }) => name,
  );
}

/** What holds a slot, also when its code runs on after its outcome, and what has yielded one. */
function slotsBySession(db: Database): Map<number, { readonly running: number; readonly waiting: number }> {
  const rows = db.all<{ session: number; running: number; waiting: number }>(
    `SELECT session, sum(${takenSlotCondition}) AS running, sum(${yieldedSlotCondition}) AS waiting FROM executions
     WHERE ${inSlotCondition} AND session IS NOT NULL GROUP BY session`,
  );
  return new Map(rows.map((row) => [row.session, row]));
}
