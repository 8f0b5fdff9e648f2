import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// Executors and the SDK as the build makes them, for tests that start executors from the sources as they are now.

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Inside the checkout, so that packages are found from there. One folder for each version of the sources, shared by all test files. */
const cache = join(root, "node_modules/.cache/executor-builds");

export interface ExecutorBuild {
  /** The bundle of src/executor/main.ts. */
  readonly entry: string;
  /** Where index.js of the SDK lies. */
  readonly sdkDirectory: string;
}

let building: Promise<ExecutorBuild> | undefined;

/** Built once for each test file that asks. */
export function executorBuild(): Promise<ExecutorBuild> {
  building ??= buildOnce();
  return building;
}

async function buildOnce(): Promise<ExecutorBuild> {
  const { outputFiles } = await build({
    entryPoints: {
      "executor/main": join(root, "src/executor/main.ts"),
      "sdk/index": join(root, "src/sdk/index.ts"),
    },
    outdir: cache,
    write: false,
    bundle: true,
    splitting: true,
    chunkNames: "sdk/[name]-[hash]",
    platform: "node",
    target: "node20",
    format: "esm",
    keepNames: true,
    external: ["msgpackr-extract"],
    banner: {
      js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);',
    },
    logLevel: "error",
  });
  const hash = createHash("sha256");
  for (const { contents } of outputFiles) hash.update(contents);
  const directory = join(cache, hash.digest("hex").slice(0, 16));
  if (!existsSync(directory)) await writeAll(outputFiles, directory);
  return { entry: join(directory, "executor/main.js"), sdkDirectory: join(directory, "sdk") };
}

/** All or nothing: another test file may be doing the same. */
async function writeAll(files: readonly { path: string; contents: Uint8Array }[], directory: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const temporary = await mkdtemp(join(cache, "writing-"));
  for (const { path, contents } of files) {
    const folder = join(temporary, basename(dirname(path)));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, basename(path)), contents);
  }
  await rename(temporary, directory).catch(() => rm(temporary, { recursive: true, force: true }));
}
