import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import type { PluginBuild } from "esbuild";

/** Bundles one TypeScript entry and gives the path of the JavaScript: for tests that start a process of their own. */
export async function bundle(entry: string): Promise<string> {
  // Inside the checkout, so that packages are found from there.
  const folder = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "test-bundles");
  const outfile = join(folder, `${basename(entry, ".ts")}-${process.pid}.mjs`);
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    plugins: [{ name: "keep-module-urls", setup: keepModuleUrls }],
    logLevel: "warning",
  });
  return outfile;
}

/** A bundled module still finds what lies beside its source: import.meta.url stays that of the source file. */
function keepModuleUrls(plugin: PluginBuild): void {
  plugin.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
    const source = await readFile(path, "utf8");
    return { loader: "ts", contents: source.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)) };
  });
}
