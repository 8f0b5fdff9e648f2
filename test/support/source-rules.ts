// The rules of the architecture over sources that were read; each returns its breaches as sentences, none when all is well.
import type { SourceFile } from "./source-graph.ts";

/**
 * Folder (or file) -> what it may import: folders of ours, packages, "node:*", and "types of <folder>". The longest match
 * counts. A folder may always import itself.
 */
export type ImportTable = Readonly<Record<string, readonly string[]>>;

export function importBreaches(files: readonly SourceFile[], table: ImportTable): string[] {
  const rows = Object.keys(table).toSorted((a, b) => b.length - a.length);
  return files.flatMap(({ path, imports }) => {
    const row = rows.find((name) => isWithin(path, name));
    if (row === undefined) return [`${path} has no row in the import table`];
    const allowed = [row, ...(table[row] ?? [])];
    return imports
      .filter(({ target, isTypeOnly }) => !allowed.some((entry) => allows(entry, target, isTypeOnly)))
      .map(({ target, isTypeOnly }) => `${path} may not import ${isTypeOnly ? "types of " : ""}${target}`);
  });
}

function allows(entry: string, target: string, isTypeOnly: boolean): boolean {
  if (entry === "node:*") return target.startsWith("node:");
  if (entry.startsWith("types of ")) return isTypeOnly && isWithin(target, entry.slice("types of ".length));
  return isWithin(target, entry);
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** Files that import each other in a ring. Types count: a ring of types says that two files are one thing. */
export function cycles(files: readonly SourceFile[]): string[] {
  const importsOf = importsByPath(files);
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
    if (done.has(path) || trail.includes(path)) return;
    for (const target of importsOf.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return found;
}

/** Clock, timers, chance and environment variables outside `allowed` (paths, with * for a name and ** for any depth). */
export function worldlyBreaches(files: readonly SourceFile[], allowed: readonly string[]): string[] {
  return files
    .filter(({ path }) => !allowed.some((pattern) => matches(path, pattern)))
    .flatMap(({ path, worldly }) => worldly.map((name) => `${path} uses ${name}; take it as an argument`));
}

/** Files that no entry reaches. */
export function deadFiles(files: readonly SourceFile[], entries: readonly string[]): string[] {
  const importsOf = importsByPath(files);
  const reached = new Set<string>();
  const reach = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const target of importsOf.get(path) ?? []) reach(target);
  };
  const paths = files.map(({ path }) => path);
  for (const path of paths) if (entries.some((pattern) => matches(path, pattern))) reach(path);
  return paths.filter((path) => !reached.has(path)).map((path) => `${path} is reached from no entry`);
}

function importsByPath(files: readonly SourceFile[]): Map<string, string[]> {
  return new Map(files.map(({ path, imports }) => [path, imports.map(({ target }) => target)]));
}

function matches(path: string, pattern: string): boolean {
  const parts = pattern.split(/(\*\*|\*)/).map((part) => {
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`).test(path);
}
