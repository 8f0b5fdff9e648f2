import { pathToFileURL } from "node:url";

// Every source file is bundled with a statement before its first line. It tells the executor which file is being evaluated, and stands in for
// what a bundled file has lost: its own import.meta.url, import.meta.dirname, import.meta.filename, __dirname and __filename.

/** Every prelude is as long, so that columns in first lines can be put right again. */
const INDEX_WIDTH = 6;
const preludeOf = (index: number): string => `var __coflux_self=__coflux_at(${String(index).padStart(INDEX_WIDTH)});`;
export const PRELUDE_COLUMNS = preludeOf(0).length;

/** What esbuild replaces, where the name is not a variable of the file itself. */
export const sourceDefines: Readonly<Record<string, string>> = {
  "import.meta.url": "__coflux_self.url",
  "import.meta.dirname": "__coflux_self.dirname",
  "import.meta.filename": "__coflux_self.filename",
  __dirname: "__coflux_self.dirname",
  __filename: "__coflux_self.filename",
};

/** Puts the prelude before a source text, on its first line. A directive keeps its place, a `#!` line becomes empty. */
export function withPrelude(source: string, index: number): string {
  const [directive = ""] = /^\s*(['"])use strict\1;?/.exec(source) ?? [];
  const end = directive === "" || directive.endsWith(";") ? "" : ";";
  return directive + end + preludeOf(index) + source.slice(directive.length).replace(/^#!.*/, "");
}

const preludePattern = /var __coflux_self=__coflux_at\( *\d+\);/;

/** A line of a source with its prelude taken out, and by how much that shifts what comes after. */
export function withoutPrelude(line: string): { readonly line: string; readonly shift: number } {
  const bare = line.replace(preludePattern, "");
  return { line: bare, shift: line.length - bare.length };
}

const filesSlot = "[/* files */]";

/** The first line of the bundle: what the preludes call, and `require` for CommonJS sources that ask for packages. */
export function bannerFor(file: string): string {
  return [
    `import{createRequire as __coflux_createRequire}from"node:module";`,
    `const require=__coflux_createRequire(${JSON.stringify(pathToFileURL(file).href)});`,
    `const __coflux_files=${filesSlot};`,
    `function __coflux_at(index){const self=__coflux_files[index];`,
    `globalThis[Symbol.for("coflux.evaluating")]?.(self.filename);return self}`,
  ].join("");
}

/** Fills in which files the preludes speak of; known only when the bundle is there. */
export function fillBanner(bundle: string, files: readonly string[]): string {
  const selves = files.map((filename) => ({
    url: pathToFileURL(filename).href,
    dirname: filename.slice(0, Math.max(1, filename.lastIndexOf("/"))),
    filename,
  }));
  return bundle.replace(filesSlot, () => JSON.stringify(selves));
}
