import { mkdir, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lineOfMember, loadConfig } from "../../../src/cli/input/config-file.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

let temporary: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeEach(async () => {
  temporary = await temporaryDirectory();
});

afterEach(async () => {
  await temporary.remove();
});

const write = async (name: string, text: string): Promise<void> => await writeFile(`${temporary.path}/${name}`, text);
const refusal = async (): Promise<string> =>
  await loadConfig(temporary.path).then(
    () => "nothing was refused",
    (error: Error) => error.message,
  );

test("the nearest parent directory with a configuration counts", async () => {
  await mkdir(`${temporary.path}/a/b`, { recursive: true });
  await write("coflux.config.json", '{ "project": "outer" }');
  expect((await loadConfig(`${temporary.path}/a/b`)).config).toEqual({ project: "outer" });
  await write("a/coflux.config.json", '{ "project": "inner" }');
  expect(await loadConfig(`${temporary.path}/a/b`)).toEqual({
    path: `${temporary.path}/a/coflux.config.json`,
    directory: `${temporary.path}/a`,
    config: { project: "inner" },
  });
});

test("without one the configuration is empty", async () => {
  expect(await loadConfig(temporary.path)).toMatchObject({ path: null, config: {} });
});

test("TypeScript is loaded with what it imports, and knows where it is", async () => {
  await write("names.ts", "export const project: string = 'shop';");
  await write(
    "coflux.config.ts",
    `import { project } from "./names.ts";
     import { basename } from "node:path";
     export default { project, environment: basename(import.meta.dirname).toLowerCase().slice(0, 6) };`,
  );
  expect((await loadConfig(temporary.path)).config).toEqual({ project: "shop", environment: "coflux" });
});

test("JavaScript is loaded", async () => {
  await write("package.json", '{ "type": "module" }');
  await write("coflux.config.js", "export default { agent: { concurrency: 8, provides: { region: ['eu'] } } };");
  expect((await loadConfig(temporary.path)).config.agent).toEqual({ concurrency: 8, provides: { region: ["eu"] } });
});

test.each([
  ['{\n  "project": "shop",\n  "url" "http://x"\n}', "coflux.config.json:3:9"],
  ["", "coflux.config.json:1:1"],
  ['{\n  "projet": "shop"\n}', "coflux.config.json:2: projet is not known here"],
  ['{\n  "agent": {\n    "concurrency": "8"\n  }\n}', "coflux.config.json:3: agent.concurrency must be a whole number"],
  ['{ "repositories": { "flows": 1 } }', "coflux.config.json:1: repositories.flows must be a text"],
  ["[]", "coflux.config.json: the configuration must be an object"],
])("what is wrong with JSON is named with its line (%#)", async (text, message) => {
  await write("coflux.config.json", text);
  expect(await refusal()).toContain(message);
});

test.each([
  ["export const config = {};", "no default export"],
  ["export default { url: 1 };", "url must be a text"],
  ["export default {", "coflux.config.ts"],
  ["throw new Error('not today');", "not today"],
  ["import './missing.ts'; export default {};", "missing.ts"],
])("what is wrong with TypeScript is named (%#)", async (text, message) => {
  await write("coflux.config.ts", text);
  expect(await refusal()).toContain(message);
});

test.each([
  ["export default {", "correct the file: every command reads it"],
  ["throw new Error('not today');", "correct the file: every command reads it"],
  ["export const config = {};", "docs/cli.md lists what a configuration may say"],
  ["export default { url: 1 };", "docs/cli.md lists what a configuration may say"],
])(
  "a file that does not load is to be corrected, one with other members than there are is explained (%#)",
  async (text, hint) => {
    await write("coflux.config.ts", text);
    await expect(loadConfig(temporary.path)).rejects.toMatchObject({ hint });
  },
);

test("a member is found by the names that lead to it", () => {
  const text = '{\n "a": { "x": 1 },\n "b": {\n  "x": 2\n }\n}';
  expect(lineOfMember(text, ["b", "x"])).toBe(4);
  expect(lineOfMember(text, ["b", "y"])).toBeUndefined();
  expect(lineOfMember(text, [])).toBeUndefined();
});
