import type { TargetOptions } from "../protocol/manifest.ts";
import type { CallSite } from "./call-site.ts";

// What a target carries, under a global symbol: discovery and executor find targets by it among the exports of a module, also in another copy
// of this package.

export const targetSymbol = Symbol.for("coflux.target");

export interface TargetDeclaration {
  readonly type: "workflow" | "task";
  /** What `name:` said; otherwise the name of the export counts. */
  readonly name: string | null;
  readonly description: string | null;
  /** In the form of the manifest. */
  readonly options: TargetOptions;
  /** `retries.when`: asked in the executor, with the error that was thrown. */
  readonly retriesWhen: ((error: unknown) => boolean) | null;
  readonly fn: (...parameters: never[]) => unknown;
  /** Where it was defined. */
  readonly site: CallSite;
  /** Where the target is hosted; null until `bindTarget`. */
  readonly path: string | null;
}

/** The declaration behind an exported thing; undefined when it is no target. */
export function declarationOf(candidate: unknown): TargetDeclaration | undefined {
  if (typeof candidate !== "function" || !Object.hasOwn(candidate, targetSymbol)) return undefined;
  return (candidate as Partial<Record<typeof targetSymbol, TargetDeclaration>>)[targetSymbol]; // Only define.ts sets it.
}

/**
 * Tells a target where it is hosted, so that it can be called. For whoever loads a repository. Given twice, the first stays: the target
 * is re-exported by another repository, and a call needs one of them.
 */
export function bindTarget(declaration: TargetDeclaration, repository: string, name: string): void {
  if (declaration.path !== null) return;
  Object.assign(declaration, { path: `${repository}/${name}` }); // The one member that is not known when a target is defined.
}

/** As its repository calls it; until that is known what `name:` said, or its function's name, which may be empty. */
export function nameOfTarget({ name, path, fn }: TargetDeclaration): string {
  return path === null ? (name ?? fn.name) : path.slice(path.lastIndexOf("/") + 1);
}

/** How messages call a target that may not have been bound yet. */
export function describeTarget({
  type,
  name,
  path,
  fn,
}: Pick<TargetDeclaration, "type" | "name" | "path" | "fn">): string {
  const known = path ?? name ?? fn.name;
  return known === "" ? `an unnamed ${type}` : `${type} ${known}`;
}
