// Runs a TypeScript file: node scripts/run-ts.mjs <file.ts> [arguments...]
// Bundled first (packages stay outside), so that it runs on every Node we support, with frames that name the sources.
import { spawn } from "node:child_process";
import { mkdir, readFile, rm } from "node:fs/promises";
import { constants } from "node:os";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const [file, ...rest] = process.argv.slice(2);
if (!file) {
  console.error("usage: node scripts/run-ts.mjs <file.ts> [arguments...]");
  process.exit(2);
}

// Inside the checkout, so that packages are found from here as from the source file.
const folder = join(root, "node_modules", ".cache", "run-ts");
const outfile = join(folder, `${basename(file, ".ts")}-${process.pid}.mjs`);
await mkdir(folder, { recursive: true });
try {
  await build({
    entryPoints: [resolve(file)],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    keepNames: true,
    packages: "external",
    sourcemap: "linked",
    plugins: [{ name: "keep-module-urls", setup: keepModuleUrls }],
    logLevel: "warning",
  });
} catch {
  process.exit(1); // esbuild has printed what is wrong and where.
}

const child = spawn(process.execPath, ["--enable-source-maps", outfile, ...rest], { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", async (code, signal) => {
  await Promise.all([rm(outfile, { force: true }), rm(`${outfile}.map`, { force: true })]);
  process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1));
});

/** A bundled module still finds what lies beside its source: import.meta.url stays that of the source file. */
function keepModuleUrls(bundle) {
  bundle.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
    const source = await readFile(path, "utf8");
    return { loader: "ts", contents: source.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)) };
  });
}
