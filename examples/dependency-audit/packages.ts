import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";

// What lies in a node_modules folder, read as files: nothing is executed and nothing is fetched.

export interface PackageMetadata {
  readonly name: string;
  readonly version: string;
  /** The SPDX expression of package.json; undefined when it declares none. */
  readonly licence: string | undefined;
}

/** The folders of all packages below `nodeModules`, those of packages' own node_modules included, in order. */
export async function findPackages(nodeModules: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await packageNames(nodeModules)) {
    const directory = join(nodeModules, name);
    if (!(await isPackage(directory))) continue;
    found.push(directory, ...(await findPackages(join(directory, "node_modules"))));
  }
  return found;
}

export async function readMetadata(directory: string): Promise<PackageMetadata> {
  const parsed: unknown = JSON.parse(await readFile(join(directory, "package.json"), "utf8"));
  const metadata = isRecord(parsed) ? parsed : {};
  return {
    name: text(metadata["name"]) ?? directory,
    version: text(metadata["version"]) ?? "unknown",
    licence: text(metadata["license"]) ?? text(isRecord(metadata["license"]) ? metadata["license"]["type"] : undefined),
  };
}

/** The licence text that a package ships, whatever the file is called. */
export async function readLicence(directory: string): Promise<string | undefined> {
  const names = await readdir(directory);
  const name = names.find((candidate) => /^(licen[cs]e|copying|unlicense)([.-].*)?$/i.test(candidate));
  return name === undefined ? undefined : await readFile(join(directory, name), "utf8");
}

export interface Size {
  readonly files: number;
  readonly bytes: number;
}

/** Files and bytes of a package, its own node_modules left out: those are packages themselves. */
export async function measure(directory: string): Promise<Size> {
  let files = 0;
  let bytes = 0;
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && entry.name !== "node_modules") {
      const inner = await measure(path);
      files += inner.files;
      bytes += inner.bytes;
    } else if (entry.isFile()) {
      files += 1;
      bytes += (await stat(path)).size;
    }
  }
  return { files, bytes };
}

async function packageNames(nodeModules: string): Promise<string[]> {
  const entries = await readdir(nodeModules).catch(() => []);
  const names: string[] = [];
  for (const entry of entries.toSorted((a, b) => a.localeCompare(b))) {
    if (entry.startsWith(".")) continue;
    if (!entry.startsWith("@")) names.push(entry);
    else
      names.push(
        ...(await readdir(join(nodeModules, entry)))
          .toSorted((a, b) => a.localeCompare(b))
          .map((name) => `${entry}/${name}`),
      );
  }
  return names;
}

async function isPackage(directory: string): Promise<boolean> {
  return await stat(join(directory, "package.json")).then(
    (file) => file.isFile(),
    () => false,
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
