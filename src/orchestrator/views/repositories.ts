import { grouped } from "../../base/grouped.ts";
import type { RepositoriesView, TargetView } from "../../protocol/views.ts";
import { targetDefinitionField } from "../../protocol/manifest.ts";
import type { Database } from "../store/database.ts";
import { knownCondition } from "../store/targets.ts";

/** Every repository with the targets that can be called, and who hosts them now. */
export function repositoriesView(db: Database): RepositoriesView {
  const hosts = hostsByTarget(db);
  const targets = targetsByRepository(db, hosts);
  const rows = db.all<{ id: number; name: string; version: string }>(
    "SELECT id, name, version FROM repositories ORDER BY name",
  );
  return {
    repositories: rows.map(({ id, name, version }) => {
      const shown = targets.get(id) ?? [];
      return { name, version, targets: shown, agents: [...new Set(shown.flatMap(({ agents }) => agents))].toSorted() };
    }),
  };
}

/** The known targets, as they were declared last. */
function targetsByRepository(db: Database, hosts: ReadonlyMap<number, readonly string[]>): Map<number, TargetView[]> {
  const rows = db.all<{ id: number; repository: number; path: string; definition: string }>(
    `SELECT id, repository, path, definition FROM targets
     WHERE definition IS NOT NULL AND ${knownCondition} ORDER BY path`,
  );
  return grouped(
    rows,
    ({ repository }) => repository,
    ({ id, path, definition }): TargetView => ({
      ...targetDefinitionField.parse(JSON.parse(definition), path),
      agents: hosts.get(id) ?? [],
    }),
  );
}

/** Connected sessions, by row of the target. */
function hostsByTarget(db: Database): Map<number, string[]> {
  const rows = db.all<{ target: number; session: string }>(
    `SELECT target, external_id AS session FROM sessions JOIN session_targets ON session = sessions.id
     WHERE ended_at IS NULL AND is_connected = 1 ORDER BY external_id`,
  );
  return grouped(
    rows,
    ({ target }) => target,
    ({ session }) => session,
  );
}
