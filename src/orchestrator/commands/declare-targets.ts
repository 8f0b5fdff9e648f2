import { accepted, rejected } from "../verdict.ts";
import { declareSession, findSession } from "../store/sessions.ts";
import { isRepositoryName, isTargetName, repositoryNameRule, targetNameRule } from "../../protocol/names.ts";
import { failure } from "../../base/result.ts";
import { sessionEnded } from "../../protocol/failures.ts";
import type { Handler } from "../handler.ts";
import type { Manifest } from "../../protocol/manifest.ts";
import { registerRepository } from "../store/targets.ts";

/** What an agent hosts from now on; its manifests become the latest ones of their repositories. */
export const declareTargets: Handler<"declare"> = (tx, command) => {
  const session = findSession(tx.db, command.session);
  if (session === undefined) return failure(sessionEnded(command.session));
  const fault = findNameFault(command.repositories);
  if (fault !== undefined) return rejected("invalid_name", fault);
  declareSession(tx.db, session.id, {
    concurrency: command.concurrency,
    provides: JSON.stringify(command.provides),
    targets: command.repositories.flatMap((manifest) => registerRepository(tx.db, manifest)),
  });
  // Who hosts a repository is part of its view, so a declaration that registers nothing new changes it too.
  tx.effects.changed("repositories-changed");
  tx.effects.changed("agents-changed");
  return accepted(null);
};

function findNameFault(repositories: readonly Manifest[]): string | undefined {
  for (const { name, targets } of repositories) {
    if (!isRepositoryName(name)) return `${name} is no name for a repository: ${repositoryNameRule}`;
    const wrong = targets.find((target) => !isTargetName(target.name));
    if (wrong !== undefined) return `${wrong.name} is no name for a target of ${name}: ${targetNameRule}`;
  }
  return undefined;
}
