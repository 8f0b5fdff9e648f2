import { type Result, failure, ok } from "../../base/result.ts";
import type { RepositoriesView, TargetView } from "../../protocol/views.ts";
import { similarNames } from "./did-you-mean.ts";

export interface KnownTarget {
  readonly path: string;
  readonly target: TargetView;
  /** Sessions of the connected agents that host it. */
  readonly agents: readonly string[];
}

/** All targets that agents of an environment have declared, by their paths. */
export function knownTargets({ repositories }: RepositoriesView): KnownTarget[] {
  return repositories
    .flatMap(({ name, targets }) =>
      targets.map((target) => ({ path: `${name}/${target.name}`, target, agents: target.agents })),
    )
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

export interface UnknownTarget {
  readonly kind: "unknown" | "ambiguous";
  /** What may have been meant: the candidates of an ambiguous prefix, or names that are near. */
  readonly similar: readonly string[];
}

/**
 * The target that was meant: its path, or the beginning of only one path, or else of only one name. `greet` finds `flows/greet` where no other
 * target begins so.
 */
export function resolveTarget(text: string, paths: readonly string[]): Result<string, UnknownTarget> {
  if (paths.includes(text)) return ok(text);
  const byPath = paths.filter((path) => path.startsWith(text));
  const found = byPath.length > 0 || text.includes("/") ? byPath : findByName(text, paths);
  const [only] = found;
  if (only !== undefined && found.length === 1) return ok(only);
  return found.length > 1
    ? failure({ kind: "ambiguous", similar: found })
    : failure({ kind: "unknown", similar: similarNames(text, paths) });
}

function findByName(text: string, paths: readonly string[]): string[] {
  const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
  const exact = paths.filter((path) => nameOf(path) === text);
  return exact.length > 0 ? exact : paths.filter((path) => nameOf(path).startsWith(text));
}
