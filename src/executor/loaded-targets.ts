import { createHash } from "node:crypto";
import type { Parameter, TargetDefinition } from "../protocol/manifest.ts";
import { isTargetName, targetNameRule } from "../protocol/names.ts";
import { declaresCodec, registerCodec } from "../protocol/value-format/codecs.ts";
import { isErrorClass, registerErrorClass } from "../protocol/value-format/error-classes.ts";
import { type TargetDeclaration, bindTarget, declarationOf, describeTarget } from "../sdk/target.ts";

export interface LoadedRepository {
  readonly name: string;
  /** Its source file, for messages. */
  readonly file: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

/** A target that was defined while the repositories were loaded. */
export interface DefinedTarget {
  readonly declaration: TargetDeclaration;
  /** `flows.ts:3` in the sources of the user; undefined for one of a package. */
  readonly place: string | undefined;
}

export interface LoadedTargets {
  /** By path: `<repository>/<name>`. */
  readonly byPath: ReadonlyMap<string, TargetDeclaration>;
  /** What each repository defines, in the order in which they were given. */
  readonly repositories: readonly {
    readonly targets: readonly TargetDefinition[];
    /** A hash of the code of each target's function. */
    readonly fingerprints: readonly string[];
  }[];
}

/** Reads the parameters that a function declares. */
export type ReadParameters = (fn: TargetDeclaration["fn"]) => Parameter[];

/** Something about the code of a repository that its author has to change. */
export class RepositoryError extends Error {
  override readonly name = "RepositoryError";
}

/**
 * Finds the targets among the exports of the repositories and tells each where it is hosted. Classes of errors and classes with a codec that
 * are exported become known, so that values and errors come back as what they were. Throws a RepositoryError; also for a target that was
 * `defined` and that no repository exports: nothing could ever run it.
 */
export function loadTargets(
  repositories: readonly LoadedRepository[],
  defined: readonly DefinedTarget[],
  readParameters: ReadParameters,
): LoadedTargets {
  const byPath = new Map<string, TargetDeclaration>();
  const loaded = repositories.map((repository) => {
    const targets = targetsOf(repository);
    for (const [name, declaration] of targets) {
      bindTarget(declaration, repository.name, name);
      nameFunction(declaration.fn, name);
      byPath.set(`${repository.name}/${name}`, declaration);
    }
    return {
      targets: targets.map(([name, declaration]) => definitionOf(name, declaration, readParameters)),
      fingerprints: targets.map(([, { fn }]) => fingerprintOf(fn)),
    };
  });
  refuseUnexported(defined);
  for (const { exports } of repositories) Object.values(exports).forEach(registerClass);
  return { byPath, repositories: loaded };
}

function targetsOf({ file, exports }: LoadedRepository): [name: string, declaration: TargetDeclaration][] {
  const exportedAs = new Map<string, string>();
  return Object.entries(exports).flatMap(([exported, candidate]): [string, TargetDeclaration][] => {
    const declaration = declarationOf(candidate);
    if (declaration === undefined) return [];
    const name = declaration.name ?? exported;
    if (!isTargetName(name)) {
      throw new RepositoryError(`${file}: the target exported as "${exported}" needs another name: ${targetNameRule}`);
    }
    const other = exportedAs.get(name);
    if (other !== undefined) {
      throw new RepositoryError(
        `${file}: the exports "${other}" and "${exported}" both define a target named "${name}"`,
      );
    }
    exportedAs.set(name, exported);
    return [[name, declaration]];
  });
}

function refuseUnexported(defined: readonly DefinedTarget[]): void {
  const unexported = defined.filter(({ declaration, place }) => declaration.path === null && place !== undefined);
  if (unexported.length === 0) return;
  const lines = unexported.map(({ declaration, place }) => `${place}: ${describeTarget(declaration)}`);
  throw new RepositoryError(
    `defined, but exported by no module that this agent hosts, so that nothing could run it:\n  ${lines.join("\n  ")}\n` +
      "export it from a hosted module, or host the module that defines it as well",
  );
}

function definitionOf(
  name: string,
  { type, description, options, fn }: TargetDeclaration,
  readParameters: ReadParameters,
): TargetDefinition {
  return { name, type, description, parameters: readParameters(fn), options };
}

function fingerprintOf(fn: TargetDeclaration["fn"]): string {
  return createHash("sha256").update(Function.prototype.toString.call(fn)).digest("hex").slice(0, 16);
}

/** An arrow function that was passed on at once has no name, and stack traces would show none. */
function nameFunction(fn: TargetDeclaration["fn"], name: string): void {
  if (fn.name === "" && Object.isExtensible(fn)) Object.defineProperty(fn, "name", { value: name, configurable: true });
}

function registerClass(candidate: unknown): void {
  if (declaresCodec(candidate)) registerCodec(candidate);
  if (isErrorClass(candidate)) registerErrorClass(candidate);
}
