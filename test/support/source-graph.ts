// Reads sources the way the architecture test needs them: what a file imports, and which globals of the outside world it
// touches. Works on a map of path to text, so that its own tests can plant a breach.
import { dirname, join, normalize } from "node:path/posix";
import { parseSync } from "oxc-parser";

export type Sources = ReadonlyMap<string, string>;

export interface Import {
  /** A path of the sources ("src/base/clock.ts"), or a package ("zod", "node:fs"). */
  readonly target: string;
  readonly names: readonly string[];
  readonly isTypeOnly: boolean;
}

export interface SourceFile {
  readonly path: string;
  readonly imports: readonly Import[];
  /** Globals that make code depend on the moment, on chance or on its surroundings: "Date.now", "setTimeout", … */
  readonly worldly: readonly string[];
}

export function readSources(sources: Sources): SourceFile[] {
  return [...sources].map(([path, text]) => {
    const { program, errors } = parseSync(path, text);
    if (errors.length > 0) throw new Error(`${path}: ${errors.map((error) => error.message).join("; ")}`);
    const imports: Import[] = [];
    const worldly = new Set<string>();
    for (const { node, parent, key } of nodesOf(program)) {
      const imported = importOf(node, path);
      if (imported) imports.push(imported);
      for (const name of [worldlyImport(imported), worldlyGlobal(node, parent, key)]) if (name) worldly.add(name);
    }
    return { path, imports, worldly: [...worldly] };
  });
}

type Node = { readonly type: string } & Readonly<Record<string, unknown>>;

function* nodesOf(
  value: unknown,
  parent?: Node,
  key = "",
): Generator<{ node: Node; parent: Node | undefined; key: string }> {
  if (Array.isArray(value)) {
    for (const item of value) yield* nodesOf(item, parent, key);
  } else if (isNode(value)) {
    yield { node: value, parent, key };
    for (const [name, child] of Object.entries(value)) yield* nodesOf(child, value, name);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function importOf(node: Node, path: string): Import | undefined {
  if (!importingNodes.has(node.type) || !isNode(node.source) || typeof node.source.value !== "string") return undefined;
  const specifier = node.source.value;
  const specifiers = Array.isArray(node.specifiers) ? node.specifiers.filter(isNode) : [];
  const isType = (at: Node) => at.importKind === "type" || at.exportKind === "type";
  return {
    target: specifier.startsWith(".") ? normalize(join(dirname(path), specifier)) : packageOf(specifier),
    names: specifiers.filter((at) => !isType(at)).map((at) => nameOf(at.imported)),
    isTypeOnly:
      node.type === "TSImportType" || isType(node) || (specifiers.length > 0 && specifiers.every((at) => isType(at))),
  };
}

const importingNodes = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType",
]);

function packageOf(specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

function nameOf(node: unknown): string {
  return isNode(node) && typeof node.name === "string" ? node.name : "";
}

const worldlyMembers = new Set([
  "Date.now",
  "performance.now",
  "process.hrtime",
  "process.env",
  "Math.random",
  "crypto.randomBytes",
  "crypto.randomUUID",
  "crypto.randomInt",
  "crypto.getRandomValues",
  "AbortSignal.timeout",
]);
const worldlyFunctions = new Set(["setTimeout", "setInterval", "setImmediate"]);
const worldlyModules = new Set([
  "node:timers",
  "node:timers/promises",
  "node:perf_hooks",
  "src/process/real-clock.ts", // Who imports these takes them from the world as well.
]);

/** The same things by another way: import { randomUUID } from "node:crypto". */
function worldlyImport(imported: Import | undefined): string | undefined {
  if (!imported || imported.isTypeOnly) return undefined;
  if (worldlyModules.has(imported.target)) return imported.target;
  const object = imported.target.replace("node:", "");
  return imported.names.map((name) => `${object}.${name}`).find((name) => worldlyMembers.has(name));
}

function worldlyGlobal(node: Node, parent: Node | undefined, key: string): string | undefined {
  if (node.type === "Identifier" && worldlyFunctions.has(nameOf(node))) {
    // Not a member of something given ("timers.setTimeout"), a key, a name in a type, or another module's export.
    const isMember = (key === "property" || key === "key") && parent?.computed === false;
    const isOfGlobalThis = key === "property" && nameOf(parent?.object) === "globalThis";
    const isNamedOnly = key === "imported" || parent?.type === "TSTypeQuery" || (isMember && !isOfGlobalThis);
    return isNamedOnly ? undefined : nameOf(node);
  }
  if (node.type === "MemberExpression" && node.computed === false) {
    const object = isNode(node.object) && node.object.type === "MemberExpression" ? node.object.property : node.object;
    const name = `${nameOf(object)}.${nameOf(node.property)}`;
    return worldlyMembers.has(name) ? name : undefined;
  }
  const isDateOfNow = node.type === "NewExpression" && nameOf(node.callee) === "Date" && isEmpty(node.arguments);
  return isDateOfNow ? "new Date()" : undefined;
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
