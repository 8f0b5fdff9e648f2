import { build } from "esbuild";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// Executors and the SDK as the build makes them, for tests that start executors from the sources as they are now.

const root = fileURLToPath(new URL("../../", import.meta.url));

export interface ExecutorBuild {
  /** The bundle of src/executor/main.ts. */
  readonly entry: string;
  /** Where index.js, client.js and config.js of the SDK lie. */
  readonly sdkDirectory: string;
}

let building: Promise<ExecutorBuild> | undefined;

/** Built once for each test file that asks. */
export function executorBuild(): Promise<ExecutorBuild> {
  building ??= buildOnce();
  return building;
}

async function buildOnce(): Promise<ExecutorBuild> {
  const cache = join(root, "node_modules/.cache");
  await mkdir(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, "executor-build-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  await build({
    entryPoints: {
      "executor/main": join(root, "src/executor/main.ts"),
      "sdk/index": join(root, "src/sdk/index.ts"),
    },
    outdir: directory,
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
  return { entry: join(directory, "executor/main.js"), sdkDirectory: join(directory, "sdk") };
}
