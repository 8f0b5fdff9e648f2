import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type ExecutorRig, type RigOptions, buildSources, executorRig } from "../../support/executor-rig.ts";

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function rigOf(files: RigOptions["files"], repositories?: RigOptions["repositories"]): Promise<ExecutorRig> {
  const rig = await executorRig({ files, ...(repositories === undefined ? {} : { repositories }) });
  cleanUps.push(() => rig.remove());
  return rig;
}

async function built(options: RigOptions) {
  const made = await buildSources(options);
  cleanUps.push(async () => {
    await made.builder.dispose();
    await made.temporary.remove();
  });
  return made;
}

const sdk = `import { task } from "coflux";`;

describe("sources that are loaded without a build step of their author", () => {
  test.each<[string, RigOptions["files"], unknown]>([
    ["TypeScript", { "flows.ts": `${sdk} export const it = task(async (): Promise<number> => 1 as number);` }, 1],
    [
      "TypeScript with enums and namespaces",
      { "flows.ts": `${sdk} enum E { A = 7 } export const it = task(() => E.A);` },
      7,
    ],
    [
      "TypeScript with JSX",
      {
        "flows.tsx": `/** @jsx h */ ${sdk} const h = (name: string) => name; export const it = task(() => <p />);`,
      },
      "p",
    ],
    [
      "a .js import of a TypeScript file",
      {
        "flows.ts": `${sdk} import { one } from "./one.js"; export const it = task(() => one);`,
        "one.ts": `export const one: number = 1;`,
      },
      1,
    ],
    ["JavaScript modules", { "flows.mjs": `${sdk} export const it = task(() => "esm");` }, "esm"],
    [
      "CommonJS",
      {
        "flows.cjs": `"use strict"; const { task } = require("coflux"); exports.it = task(() => [typeof this, require("./b.cjs").b, require("node:path").sep]);`,
        "b.cjs": `exports.b = 2;`,
      },
      ["object", 2, "/"],
    ],
    [
      "CommonJS that asks for a package later",
      {
        "flows.cjs": `const { task } = require("coflux"); const name = "node:os"; exports.it = task(() => typeof require(name).EOL);`,
      },
      "string",
    ],
    [
      "JSON",
      {
        "flows.ts": `${sdk} import data from "./data.json"; export const it = task(() => data.a);`,
        "data.json": `{"a":[1]}`,
      },
      [1],
    ],
    [
      "paths of a tsconfig.json",
      {
        "flows.ts": `${sdk} import { deep } from "@/deep.ts"; export const it = task(() => deep);`,
        "lib/deep.ts": `export const deep = "deep";`,
        "tsconfig.json": `{ "compilerOptions": { "paths": { "@/*": ["./lib/*"] } } }`,
      },
      "deep",
    ],
    [
      "top-level await and dynamic imports",
      {
        "flows.ts": `${sdk} const { one } = await import("./one.ts"); export const it = task(async () => [one, (await import("./two.ts")).two]);`,
        "one.ts": `export const one = 1;`,
        "two.ts": `export const two = 2;`,
      },
      [1, 2],
    ],
    [
      "a program with its own #! line",
      { "flows.ts": `#!/usr/bin/env node\n${sdk} export const it = task(() => 1);` },
      1,
    ],
  ])("%s", async (_what, files, expected) => {
    const rig = await rigOf(files);
    expect(await rig.run("flows/it")).toEqual([0, JSON.stringify(expected)]);
  });

  test("know where they lie, each of them", async () => {
    const rig = await rigOf({
      "flows.ts": `${sdk} import { there } from "./lib/there.ts"; import { old } from "./lib/old.cjs";
        export const it = task(() => [import.meta.url, import.meta.dirname, import.meta.filename, there, old]);`,
      "lib/there.ts": `const __filename = "mine"; export const there = [import.meta.url, __filename, "import.meta.url"];`,
      "lib/old.cjs": `exports.old = [__dirname, __filename];`,
    });
    const at = rig.directory;
    const expected = [
      `file://${at}/flows.ts`,
      at,
      `${at}/flows.ts`,
      [`file://${at}/lib/there.ts`, "mine", "import.meta.url"],
      [`${at}/lib`, `${at}/lib/old.cjs`],
    ];
    expect(await rig.run("flows/it")).toEqual([0, JSON.stringify(expected)]);
  });

  test("keep the names of functions and classes", async () => {
    const rig = await rigOf({
      "flows.ts": `${sdk} class Order {} function price() {} const Other = class {};
        export const it = task(() => [Order.name, price.name, Other.name]);`,
    });
    expect(await rig.run("flows/it")).toEqual([0, JSON.stringify(["Order", "price", "Other"])]);
  });
});

describe("packages", () => {
  const packageOf = (name: string, main: string, text: string, more = {}) => ({
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, main, ...more }),
    [`node_modules/${name}/${main}`]: text,
  });

  test("stay outside, and are what Node would find: one instance, by the right condition", async () => {
    const exports = { ".": { import: "./esm.mjs", require: "./cjs.cjs", module: "./bundler.mjs" } };
    const rig = await rigOf({
      "flows.ts": `${sdk} import how from "dual"; import * as again from "user"; import { createRequire } from "node:module";
        export const it = task(() => [how.name, how.where, again.how === how, createRequire(import.meta.url)("dual").name]);`,
      ...packageOf("dual", "cjs.cjs", `module.exports = { name: "cjs" };`, { exports }),
      "node_modules/dual/esm.mjs": `export default { name: "esm", where: import.meta.url.includes("/node_modules/dual/") };`,
      "node_modules/dual/bundler.mjs": `export default { name: "bundler" };`,
      ...packageOf("user", "index.mjs", `export { default as how } from "dual";`),
    });
    expect(await rig.run("flows/it")).toEqual([0, JSON.stringify(["esm", true, true, "cjs"])]);
  });

  test("that are TypeScript, linked or installed, go into the bundle", async () => {
    const rig = await rigOf({
      "flows.ts": `${sdk} import { linked } from "linked"; import { installed } from "installed"; export const it = task(() => [linked, installed]);`,
      "packages/linked/package.json": `{ "name": "linked", "exports": "./index.ts" }`,
      "packages/linked/index.ts": `export const linked: string = "linked";`,
      "node_modules/linked": `-> ../packages/linked`,
      ...packageOf("installed", "index.ts", `export const installed: string = "installed";`),
    });
    expect(await rig.run("flows/it")).toEqual([0, JSON.stringify(["linked", "installed"])]);
  });

  test("that are optional and missing are a matter of the code that asks", async () => {
    const rig = await rigOf({
      "flows.cjs": `const { task } = require("coflux"); let it; try { it = require("not-installed"); } catch (error) { it = error.code; } exports.it = task(() => it);`,
    });
    expect(await rig.run("flows/it")).toEqual([0, JSON.stringify("MODULE_NOT_FOUND")]);
  });
});

describe("several repositories", () => {
  const files = {
    "a.ts": `${sdk} import { shared } from "./shared.ts"; import { b } from "./b.ts"; export const a = task(async () => [shared.count++, await b()]);`,
    "b.ts": `${sdk} import { shared } from "./shared.ts"; export const b = task(() => shared.count++);`,
    "shared.ts": `export const shared = { count: 0 };`,
    "alone.ts": `${sdk} export const alone = task(() => 1);`,
  };
  const repositories = { a: "a.ts", b: "b.ts", alone: "alone.ts" };

  test("share what they both import, and call each other's targets by the name of their host", async () => {
    const rig = await rigOf(files, repositories);
    await rig.run("b/b");
    rig.execute("a/a");
    expect(await rig.take("submit")).toMatchObject({ target: "b/b" });
    expect(await rig.run("b/b")).toEqual([0, "2"]);
  });

  test("have a version each, which changes with what they are made of and with nothing else", async () => {
    const { builder, directory, bundle } = await built({ files, repositories });
    const versions = (made: typeof bundle) => (made.ok ? made.value.repositories.map(({ version }) => version) : []);
    const before = versions(bundle);
    expect(new Set(before).size).toBe(3);
    expect(versions(await builder.build())).toEqual(before);
    await writeFile(join(directory, "shared.ts"), `export const shared = { count: 10 };`);
    const after = versions(await builder.build());
    expect(after.map((version, index) => version === before[index])).toEqual([false, false, true]);
  });

  test("name all sources that are to be watched, packages not", async () => {
    const { bundle, directory } = await built({
      files: {
        ...files,
        "node_modules/p/index.ts": `export const p = 1;`,
        "alone.ts": `import "p"; ${files["alone.ts"]}`,
      },
      repositories,
    });
    const sources = bundle.ok ? bundle.value.sources : [];
    expect(sources.toSorted()).toEqual(["a.ts", "alone.ts", "b.ts", "shared.ts"].map((file) => join(directory, file)));
  });
});

describe("a build that fails", () => {
  test.each<[string, RigOptions["files"], RegExp]>([
    [
      "names file, line and error",
      { "flows.ts": `export const a = 1;\nexport const = 2;` },
      /flows\.ts:2:13.*\n.*export const = 2;/s,
    ],
    [
      "names what cannot be found",
      { "flows.ts": `import "./missing.ts";` },
      /Could not resolve "\.\/missing\.ts"[^]*flows\.ts:1/,
    ],
    [
      "names a package that is not installed",
      { "flows.ts": `import "nowhere";` },
      /The package "nowhere" is not installed: npm install nowhere\s+flows\.ts:1:7:/,
    ],
    [
      "names the package of a part that is not there",
      { "flows.ts": `import "@scope/nowhere/part";` },
      /The package "@scope\/nowhere" is not installed: npm install @scope\/nowhere\s+flows/,
    ],
    [
      "keeps what is said of a part that its package does not export",
      {
        "flows.ts": `import "there/part";`,
        "node_modules/there/package.json": `{"name":"there","exports":{".":"./index.js"}}`,
        "node_modules/there/index.js": "",
      },
      /"\.\/part" is not exported by package "there"/,
    ],
  ])("%s", async (_sentence, files, expected) => {
    const { bundle } = await built({ files });
    expect(bundle.ok ? "" : bundle.error).toMatch(expected);
  });

  test("is followed by a good one when the file is mended", async () => {
    const { builder, directory, bundle } = await built({ files: { "flows.ts": `export const = 2;` } });
    expect(bundle.ok).toBe(false);
    await writeFile(join(directory, "flows.ts"), `export const two = 2;`);
    expect((await builder.build()).ok).toBe(true);
  });

  test("names a repository that does not exist", async () => {
    const { bundle } = await built({ files: { "flows.ts": "" }, repositories: { gone: "gone.ts" } });
    expect(bundle.ok ? "" : bundle.error).toMatch(/^✘ \[ERROR\] There is no file .*gone\.ts$/);
  });
});
