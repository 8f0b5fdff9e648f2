import { mkdir, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configuredRepositories, readRepositories } from "../../../src/cli/input/repositories.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

let temporary: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeAll(async () => {
  temporary = await temporaryDirectory();
  await mkdir(`${temporary.path}/src/mail`, { recursive: true });
  for (const name of ["flows.ts", "src/orders.mts", "src/mail/index.js", "notes.txt"]) {
    await writeFile(`${temporary.path}/${name}`, "");
  }
});

afterAll(async () => {
  await temporary.remove();
});

test("a repository is named by its path without extension, or as it is told", () => {
  const words = ["flows.ts", "./src/orders.mts", "mail=src/mail/index.js"];
  expect(readRepositories(words, temporary.path)).toEqual({
    ok: true,
    value: [
      { name: "flows", path: `${temporary.path}/flows.ts` },
      { name: "src/orders", path: `${temporary.path}/src/orders.mts` },
      { name: "mail", path: `${temporary.path}/src/mail/index.js` },
    ],
  });
});

test.each([
  [["nothing.ts"], "there is no file"],
  [["src"], "is not a file"],
  [["notes.txt"], "TypeScript or JavaScript"],
  [["../flows.ts"], "no file"],
  [["flows.ts", "flows=src/orders.mts"], "two files are named flows"],
  [["flows.ts", "./flows.ts"], "flows.ts is named twice"],
  [["a b=flows.ts"], "no name for a repository"],
])("%j is refused", (words, problem) => {
  const read = readRepositories(words, temporary.path);
  expect(read.ok ? "" : read.error).toContain(problem);
});

test("every missing file is named", () => {
  const read = readRepositories(["one.ts", "flows.ts", "two.ts"], temporary.path);
  expect(read.ok ? [] : read.error.split("\n")).toHaveLength(2);
});

test("a file outside the working directory needs a name", () => {
  const read = readRepositories(["../flows.ts"], `${temporary.path}/src`);
  expect(read.ok ? "" : read.error).toContain("give one: name=../flows.ts");
});

test("repositories of a configuration lie beside it", () => {
  const config = { repositories: { orders: "./orders.mts" } };
  expect(configuredRepositories({ path: null, directory: `${temporary.path}/src`, config })).toEqual({
    ok: true,
    value: [{ name: "orders", path: `${temporary.path}/src/orders.mts` }],
  });
});
