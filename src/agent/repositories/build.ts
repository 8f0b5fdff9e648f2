import { createHash } from "node:crypto";
import { mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { basename, extname, join, relative, resolve, sep } from "node:path";
import { type BuildContext, type Loader, type Metafile, type Plugin, context, stop } from "esbuild";
import { type Result, failure, ok } from "../../base/result.ts";
import type { AgentRepository } from "../../protocol/agent-run.ts";
import { describeBuildFailure, entriesFile } from "./build-failure.ts";
import type { Bundle, BundledRepository } from "./bundle.ts";
import { type SdkLocation, packageResolution } from "./package-resolution.ts";
import { bannerFor, fillBanner, sourceDefines, withPrelude } from "./source-prelude.ts";

export interface BuilderParts {
  readonly repositories: readonly AgentRepository[];
  readonly workingDirectory: string;
  /** Where bundles are written, each into a folder of its own. */
  readonly directory: string;
  readonly sdk: SdkLocation;
}

export interface Builder {
  /** Builds what lies on the disk now. A failure is the text to show: every error with its place. */
  build(): Promise<Result<Bundle, string>>;
  /** Nothing more is to be built: esbuild's own process ends, so this process can have one builder at a time. */
  dispose(): Promise<void>;
}

/** All repositories become one module, so that they share what they both import, as they would without a build. */
export async function createBuilder(parts: BuilderParts): Promise<Builder> {
  const workingDirectory = await realpath(parts.workingDirectory);
  const entries = await Promise.all(parts.repositories.map(({ path }) => realPathOf(resolve(workingDirectory, path))));
  const sources = sourceReader();
  const esbuild: BuildContext<{ write: false; metafile: true }> = await context({
    stdin: {
      contents: entries
        .map((file, index) => `export * as ${namespaceOf(index)} from ${JSON.stringify(file)};`)
        .join("\n"),
      resolveDir: workingDirectory,
      sourcefile: entriesFile,
    },
    absWorkingDir: workingDirectory,
    outfile: join(parts.directory, "repositories.mjs"),
    write: false,
    metafile: true,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    keepNames: true,
    sourcemap: "linked",
    sourcesContent: false,
    conditions: [], // As Node resolves; left out, esbuild would add one that only bundlers know.
    define: { ...sourceDefines },
    banner: { js: bannerFor(entries[0] ?? workingDirectory) },
    plugins: [sources.plugin, packageResolution(parts.sdk)],
    logLevel: "silent",
  });
  const names = parts.repositories.map(({ name }) => name);
  let builds = 0;
  let disposing: Promise<void> | undefined;

  return {
    async build() {
      const result = await esbuild.rebuild().catch(describeBuildFailure);
      if (typeof result === "string") return failure(result);
      builds += 1;
      const directory = join(parts.directory, String(builds));
      await mkdir(directory, { recursive: true });
      for (const { path, text } of result.outputFiles) {
        const isMap = path.endsWith(".map");
        const contents = isMap ? mapOfSources(text, parts.directory) : fillBanner(text, sources.files());
        await writeFile(join(directory, isMap ? "repositories.mjs.map" : "repositories.mjs"), contents);
      }
      const bundle = { path: join(directory, "repositories.mjs"), inputs: result.metafile.inputs };
      return ok(describeBundle({ ...bundle, names, entries, workingDirectory, sources }));
    },
    dispose: () => (disposing ??= esbuild.dispose().then(stop)),
  };
}

const namespaceOf = (index: number): string => `repository${index}`;

interface SourceReader {
  readonly plugin: Plugin;
  /** By the numbers of their preludes. */
  files(): readonly string[];
  /** The hash of a file as it was built; undefined for one that never was. */
  hashOf(file: string): string | undefined;
}

const loaders: Readonly<Record<string, Loader>> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
  ".jsx": "jsx",
};

/** Reads the source files for esbuild: with their preludes, and remembering what was read. */
function sourceReader(): SourceReader {
  const indexes = new Map<string, number>();
  const hashes = new Map<string, string>();
  return {
    files: () => [...indexes.keys()],
    hashOf: (file) => hashes.get(file),
    plugin: {
      name: "coflux-sources",
      setup(build) {
        build.onLoad({ filter: /\.(?:[cm]?[jt]sx?|json)$/, namespace: "file" }, async ({ path }) => {
          const text = await readFile(path, "utf8");
          hashes.set(path, createHash("sha256").update(text).digest("hex"));
          const loader = loaders[extname(path)];
          if (loader === undefined) return { contents: text, loader: "json" };
          const index = indexes.get(path) ?? indexes.size;
          indexes.set(path, index);
          return { contents: withPrelude(text, index), loader };
        });
      },
    },
  };
}

/**
 * Names the sources by their whole paths: the file is written one folder deeper than esbuild thinks. What imports the repositories is none, so
 * that no stack trace leads there.
 */
function mapOfSources(map: string, directory: string): string {
  const parsed: { sources: string[] } = JSON.parse(map);
  const sources = parsed.sources.map((source) =>
    basename(source) === entriesFile ? null : resolve(directory, source),
  );
  return JSON.stringify({ ...parsed, sources });
}

interface Built {
  readonly path: string;
  readonly inputs: Metafile["inputs"];
  readonly names: readonly string[];
  readonly entries: readonly string[];
  readonly workingDirectory: string;
  readonly sources: SourceReader;
}

function describeBundle({ path, inputs, names, entries, workingDirectory, sources }: Built): Bundle {
  const repositories = names.map((name, index): BundledRepository => {
    const file = entries[index] ?? "";
    const hash = createHash("sha256");
    for (const part of reachable(inputs, relative(workingDirectory, file))) {
      hash.update(`${part}\0${sources.hashOf(resolve(workingDirectory, part)) ?? ""}\n`);
    }
    return { name, namespace: namespaceOf(index), file, version: hash.digest("hex").slice(0, 16) };
  });
  const files = Object.keys(inputs).map((input) => resolve(workingDirectory, input));
  const own = files.filter((file) => sources.hashOf(file) !== undefined && !file.includes(`${sep}node_modules${sep}`));
  return { path, repositories, sources: own };
}

/** What does not exist keeps its name: esbuild says that it is missing. */
async function realPathOf(path: string): Promise<string> {
  return await realpath(path).catch(() => path);
}

/** All inputs that one is made of, itself included, in an order that depends on their names alone. */
function reachable(inputs: Metafile["inputs"], entry: string): string[] {
  const found = new Set([entry]);
  for (const input of found) {
    for (const { path, external } of inputs[input]?.imports ?? []) if (!external) found.add(path);
  }
  return [...found].toSorted();
}
