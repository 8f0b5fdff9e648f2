import type { RepositoriesView, TargetView } from "../../protocol/views.ts";
import type { Database } from "../store/database.ts";
import { TARGETS_LIMIT } from "../../protocol/limits.ts";
import { targetDefinitionField } from "../../protocol/manifest.ts";
import { list } from "../../protocol/shape.ts";

const definitions = list(targetDefinitionField, TARGETS_LIMIT);

/** The latest registration of every repository, and who hosts it now. */
export function repositoriesView(db: Database): RepositoriesView {
  const hosts = hostsByRepository(db);
  const rows = db.all<{ id: number; name: string; version: string; targets: string }>(
    "SELECT id, name, version, targets FROM repositories ORDER BY name",
  );
  return {
    repositories: rows.map(({ id, name, version, targets }) => ({
      name,
      version,
      targets: definitions.parse(JSON.parse(targets), name) satisfies readonly TargetView[],
      agents: hosts.get(id) ?? [],
    })),
  };
}

/** Connected sessions, by row of the repository. */
function hostsByRepository(db: Database): Map<number, string[]> {
  const rows = db.all<{ repository: number; session: string }>(
    `SELECT DISTINCT repository, external_id AS session
     FROM sessions JOIN session_targets ON session = sessions.id JOIN targets ON targets.id = target
     WHERE ended_at IS NULL AND is_connected = 1 ORDER BY sessions.id`,
  );
  const hosts = new Map<number, string[]>();
  for (const { repository, session } of rows) {
    const sessions = hosts.get(repository);
    if (sessions === undefined) hosts.set(repository, [session]);
    else sessions.push(session);
  }
  return hosts;
}
