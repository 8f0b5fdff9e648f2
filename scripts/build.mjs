// Builds dist/: one bundle per process entry, the SDK, the SQL migrations and the SDK's type declarations; and links the command for npx.
//
// Each process is one file with the JavaScript packages it uses inside: on Node 20 that halves the start of a process
// (280 to 150 ms with all our libraries) and saves 14 MB of memory in each. The executor shares chunks with the SDK,
// because user code that imports "coflux" must meet the very context the executor has set.
//
// Several processes may read dist/ while it is written: files are replaced one at a time, by a rename, and only if changed.
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const src = join(root, "src");
const dist = join(root, "dist");

/** dist name -> source, both without extension. Worker threads (`*-worker.ts`) are found by their name. */
const processes = {
  "cli/main": "cli/main",
  "supervisor/main": "supervisor/main",
  "gateway/main": "gateway/main",
  "orchestrator/main": "orchestrator/main",
  "agent/main": "agent/main",
};
const sdkAndExecutor = {
  "sdk/index": "sdk/index",
  "sdk/client": "sdk/client",
  "sdk/config": "sdk/config",
  "executor/main": "executor/main",
};
const migrations = {
  "orchestrator/migrations": "orchestrator/store/migrations",
  "supervisor/migrations": "supervisor/migrations",
};

/** Native packages and what only they load; every other package is bundled. */
const external = ["better-sqlite3", "esbuild", "bufferutil", "utf-8-validate", "msgpackr-extract"];

/** @type {import("esbuild").BuildOptions} */
const common = {
  absWorkingDir: root,
  outdir: dist,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  keepNames: true,
  sourcemap: "linked",
  // Frames name the file and the line; the text of the sources would triple what Node reads at the start of a process.
  sourcesContent: false,
  external,
  // Bundled CommonJS packages still call require() for Node's own modules.
  banner: {
    js: 'import { createRequire as coflux_createRequire } from "node:module"; const require = coflux_createRequire(import.meta.url);',
  },
  write: false,
  logLevel: "warning",
};

/** Bundles everything that runs. Returns the entries that have no source. */
async function buildJavaScript() {
  const files = await readdir(src, { recursive: true });
  const existing = new Set(files.map((file) => file.split(sep).join("/")));
  const workers = [...existing].filter((file) => file.endsWith("-worker.ts")).map((file) => file.slice(0, -3));
  const results = await Promise.all([
    build({ ...common, entryPoints: present({ ...processes, ...workerEntries(workers) }, existing) }),
    build({
      ...common,
      entryPoints: present(sdkAndExecutor, existing),
      splitting: true,
      chunkNames: "sdk/[name]-[hash]",
    }),
  ]);
  const outputs = results.flatMap((result) => result.outputFiles);
  for (const [to, from] of Object.entries(migrations)) {
    for (const file of files.filter((name) => dirname(name) === join(from) && name.endsWith(".sql"))) {
      outputs.push({ path: join(dist, to, basename(file)), contents: await readFile(join(src, file)) });
    }
  }
  await mkdir(dist, { recursive: true });
  // Chunks and maps before the entries that name them: a process that starts meanwhile finds all it asks for.
  const entries = new Set(Object.keys({ ...processes, ...sdkAndExecutor }).map((to) => join(dist, `${to}.js`)));
  outputs.sort((a, b) => Number(entries.has(a.path)) - Number(entries.has(b.path)));
  for (const { path, contents } of outputs) await replaceFile(path, contents);
  await removeOthers(new Set(outputs.map(({ path }) => path)));
  return Object.values({ ...processes, ...sdkAndExecutor }).filter((from) => !existing.has(`${from}.ts`));
}

/** What vitest calls before the end-to-end tests. */
export async function setup() {
  await buildJavaScript();
}

/** A worker is started by its process, so its bundle lies beside that process' main.js. */
function workerEntries(workers) {
  return Object.fromEntries(workers.map((from) => [`${from.split("/")[0]}/${basename(from)}`, from]));
}

function present(entries, existing) {
  return Object.entries(entries)
    .filter(([, from]) => existing.has(`${from}.ts`))
    .map(([out, from]) => ({ out, in: join(src, `${from}.ts`) }));
}

async function replaceFile(path, contents) {
  const before = await readFile(path).catch(() => undefined);
  if (before?.equals(contents)) return;
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
}

/** Removes what an earlier build left, but not the type declarations, which tsc writes. */
async function removeOthers(kept) {
  for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const isOurs = !relative(dist, path).startsWith("types") && !path.endsWith(".tmp");
    if (entry.isFile() && isOurs && !kept.has(path)) await rm(path, { force: true });
  }
}

async function buildTypes() {
  await rm(join(dist, "types"), { recursive: true, force: true });
  const tsc = fileURLToPath(new URL("bin/tsc", import.meta.resolve("typescript/package.json")));
  const child = spawn(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
  await new Promise((done, fail) => {
    child.on("error", fail);
    child.on("exit", (code) => (code === 0 ? done() : fail(new Error("the type declarations did not build"))));
  });
}

/**
 * Makes `npx coflux` in a clone start this checkout. Without the link npx would install the clone as a package of its own first, and be broken
 * from then on by a Ctrl-C meanwhile.
 */
async function linkCommand() {
  const directory = join(root, "node_modules/.bin");
  if (!existsSync(directory)) return; // It is built without having been installed.
  const temporary = join(directory, `coflux.${process.pid}.tmp`);
  await symlink("../../bin/coflux.js", temporary);
  await rename(temporary, join(directory, "coflux"));
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    const [missing] = await Promise.all([buildJavaScript(), buildTypes(), linkCommand()]);
    if (missing.length > 0) throw new Error(`no source for ${missing.join(", ")}`);
  } catch (error) {
    // esbuild and tsc have printed what is wrong and where.
    console.error(`build failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
