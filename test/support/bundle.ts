import { basename, join } from "node:path";
import { build } from "esbuild";

/** Bundles one TypeScript entry as the build does, and gives the path of the JavaScript: for tests that start a process of their own. */
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
    logLevel: "warning",
  });
  return outfile;
}
