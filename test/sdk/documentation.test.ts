import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as coflux from "../../src/sdk/index.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const readPage = (page: string): string => readFileSync(join(root, page), "utf8");

/** The TypeScript blocks of a page: name of a file -> text. A block is named by a comment on its first line, or by its number. */
function examplesOf(page: string): [file: string, source: string][] {
  return [...page.matchAll(/^ *```ts\n(.*?)^ *```$/gms)].map(([, source = ""], index) => [
    /^\/\/ (\S+\.ts)\n/.exec(source)?.[1] ?? `example-${index + 1}.ts`,
    source,
  ]);
}

/** What the compiler says to these files, with the strictness of this package; nothing when all is well. */
async function compile(files: readonly [string, string][]): Promise<string> {
  const temporary = await temporaryDirectory();
  const directory = join(temporary.path, "examples");
  await mkdir(directory);
  for (const [file, source] of files) await writeFile(join(directory, file), source);
  const compilerOptions = { noUnusedLocals: false, typeRoots: [join(root, "node_modules/@types")] };
  const project = join(directory, "tsconfig.json");
  await writeFile(join(directory, "package.json"), `{"type":"module"}`);
  await writeFile(project, JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions, include: ["."] }));
  const tsc = fileURLToPath(new URL("bin/tsc", import.meta.resolve("typescript/package.json")));
  const child = spawn(process.execPath, [tsc, "-p", project, "--pretty", "false"], { cwd: directory });
  const [said] = await Promise.all([text(child.stdout), once(child, "close")]);
  await temporary.remove();
  return said;
}

test.each([
  ["README.md", 2],
  ["docs/typescript.md", 8],
  ["docs/cli.md", 1],
])("the TypeScript in %s compiles as it stands", async (page, least) => {
  const examples = examplesOf(readPage(page));
  expect(examples.length).toBeGreaterThanOrEqual(least);
  expect(await compile(examples)).toBe("");
});

test("an example that is wrong is noticed", async () => {
  const wrong = 'import { task } from "coflux";\nexport const bad = task({ timeout: 5 }, () => 1);\n';
  expect(await compile([["example.ts", wrong]])).toMatch(/^example\.ts\(2,/);
});

test("docs/typescript.md names everything that coflux exports for its users", () => {
  const page = readPage("docs/typescript.md");
  expect(Object.keys(coflux).filter((name) => !page.includes(name))).toEqual([]);
});
