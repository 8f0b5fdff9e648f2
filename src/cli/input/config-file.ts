import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { errorText } from "../../base/error-text.ts";
import type { Config } from "../../sdk/config.ts";
import { bundles } from "../bundles.ts";
import { CommandError } from "../command-error.ts";
import { exitCodes } from "../exit-codes.ts";
import { type ConfigProblem, checkConfig } from "./config-shape.ts";

/** In one directory the first that exists counts. */
const fileNames = ["coflux.config.ts", "coflux.config.js", "coflux.config.json"] as const;

export interface ConfigFile {
  /** Null when there is none; the configuration is then empty. */
  readonly path: string | null;
  /** What relative paths in it start from. */
  readonly directory: string;
  readonly config: Config;
}

/** Loads the configuration of the nearest parent directory, the given one included. */
export async function loadConfig(workingDirectory: string): Promise<ConfigFile> {
  const path = findConfig(workingDirectory);
  if (path === null) return { path, directory: workingDirectory, config: {} };
  const shown = relative(workingDirectory, path);
  const { value, text } = path.endsWith(".json") ? await readJson(path, shown) : await importModule(path, shown);
  const checked = checkConfig(value);
  if (!checked.ok) throw invalid(describeProblem(shown, checked.error, text), shapeHint);
  return { path, directory: dirname(path), config: checked.value };
}

function findConfig(from: string): string | null {
  for (let directory = from; ; directory = dirname(directory)) {
    const found = fileNames.map((name) => join(directory, name)).find((path) => existsSync(path));
    if (found !== undefined) return found;
    if (dirname(directory) === directory) return null;
  }
}

interface Loaded {
  readonly value: unknown;
  /** Of a JSON file, to name the lines of what is wrong. */
  readonly text?: string;
}

async function readJson(path: string, shown: string): Promise<Loaded> {
  const text = await readFile(path, "utf8");
  try {
    return { value: JSON.parse(text), text };
  } catch (error) {
    const place = await findSyntaxError(text);
    const reason = place?.reason ?? errorText(error);
    throw invalid(`${shown}${place === undefined ? "" : `:${place.line}:${place.column}`}: ${reason}`, codeHint);
  }
}

/** Node does not always say where JSON breaks off; esbuild does. */
async function findSyntaxError(text: string) {
  const esbuild = await import("esbuild");
  const messages = await esbuild.transform(text, { loader: "json", logLevel: "silent" }).then(
    () => [],
    (error: { readonly errors?: readonly { text: string; location: { line: number; column: number } | null }[] }) =>
      error.errors ?? [],
  );
  await esbuild.stop();
  const [first] = messages;
  if (!first?.location) return undefined;
  return { line: first.location.line, column: first.location.column + 1, reason: first.text };
}

async function importModule(path: string, shown: string): Promise<Loaded> {
  const source = path.endsWith(".ts") ? bundle(path) : Promise.resolve(pathToFileURL(path).href);
  const module: { readonly default?: unknown } = await source
    .then((url) => import(url))
    .catch((error: unknown) => {
      throw invalid(`${shown}: ${errorText(error)}`, codeHint);
    });
  if (module.default === undefined) throw invalid(`${shown}: it has no default export`, shapeHint);
  return { value: module.default };
}

/** A TypeScript configuration with all that it imports, as a module in a URL: nothing is written anywhere. */
async function bundle(path: string): Promise<string> {
  const esbuild = await import("esbuild");
  const url = pathToFileURL(path).href;
  try {
    const result = await esbuild.build({
      entryPoints: [path],
      bundle: true,
      write: false,
      platform: "node",
      format: "esm",
      target: "node20",
      sourcemap: "inline",
      logLevel: "silent",
      // `defineConfig` comes from the Coflux that runs, whether or not it is installed beside the file.
      alias: { "coflux/config": fileURLToPath(bundles.config) },
      define: importMeta({ url, filename: path, dirname: dirname(path) }),
      banner: {
        js: `import { createRequire as cofluxCreateRequire } from "node:module"; const require = cofluxCreateRequire(${JSON.stringify(url)});`,
      },
    });
    const code = result.outputFiles[0]?.text ?? "";
    return `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
  } finally {
    await esbuild.stop();
  }
}

/** What `import.meta` says in the file itself. */
function importMeta(members: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [`import.meta.${name}`, JSON.stringify(value)]),
  );
}

function describeProblem(shown: string, { path, problem }: ConfigProblem, text: string | undefined): string {
  const line = text === undefined ? undefined : lineOfMember(text, path);
  return `${shown}${line === undefined ? "" : `:${line}`}: ${path.join(".") || "the configuration"} ${problem}`;
}

/** The line in which a member of a JSON text begins: its names are found one after the other. */
export function lineOfMember(text: string, path: readonly string[]): number | undefined {
  let offset = 0;
  for (const name of path) {
    const found = text.indexOf(JSON.stringify(name), offset);
    if (found < 0) return undefined;
    offset = found;
  }
  return path.length === 0 ? undefined : text.slice(0, offset).split("\n").length;
}

const shapeHint = "docs/cli.md lists what a configuration may say";
const codeHint = "correct the file: every command reads it";

function invalid(message: string, hint: string): CommandError {
  return new CommandError({ code: "invalid_config", exitCode: exitCodes.usage, message, hint });
}
