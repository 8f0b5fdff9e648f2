import { execFile } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { temporaryDirectory } from "../support/temporary.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test.each([
  [
    "is too new for this Node, and would end the process",
    "13.2.0",
    "process.abort()",
    /^error: better-sqlite3 13\.2\.0 needs Node 22\.14 .*: upgrade Node, or install better-sqlite3@12\n$/,
  ],
  [
    "was not compiled for this Node",
    "12.11.1",
    'throw new Error("Could not locate the bindings file. Tried:\\n here and there")',
    /^error: better-sqlite3 is not compiled for this Node, [\d.]+: run npm rebuild better-sqlite3\n$/,
  ],
])("a server whose better-sqlite3 %s says what to do", async (_what, version, onFirstConnection, says) => {
  const temporary = await temporaryDirectory();
  onTestFinished(() => temporary.remove());
  for (const part of ["bin", "dist", "package.json"])
    await cp(`${root}/${part}`, `${temporary.path}/${part}`, { recursive: true });
  const sqlite = `${temporary.path}/node_modules/better-sqlite3`;
  await mkdir(sqlite, { recursive: true });
  await writeFile(`${sqlite}/package.json`, JSON.stringify({ name: "better-sqlite3", version }));
  await writeFile(`${sqlite}/index.js`, `module.exports = class { constructor() { ${onFirstConnection}; } };`);
  const node20 = `${temporary.path}/node-20.cjs`;
  const versions = `{ value: { ...process.versions, napi: "9" } }`;
  await writeFile(node20, `Object.defineProperty(process, "versions", ${versions});`);
  const serverStart = [`${temporary.path}/bin/coflux.js`, "server", "start", "--port", "0"];
  const options = { cwd: temporary.path, timeout: 30_000 };
  const started = promisify(execFile)(process.execPath, ["--require", node20, ...serverStart], options);
  await expect(started).rejects.toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(says) });
});
