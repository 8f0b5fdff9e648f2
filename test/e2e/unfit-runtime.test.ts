import { execFile } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { temporaryDirectory } from "../support/temporary.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("a server whose better-sqlite3 does not fit this Node says what to do, and loads nothing of it", async () => {
  const temporary = await temporaryDirectory();
  onTestFinished(() => temporary.remove());
  for (const part of ["bin", "dist", "package.json"])
    await cp(`${root}/${part}`, `${temporary.path}/${part}`, { recursive: true });
  // What an installer that minds no `engines` does: the newest better-sqlite3 on an older Node. Its first connection ends the process.
  const sqlite = `${temporary.path}/node_modules/better-sqlite3`;
  await mkdir(sqlite, { recursive: true });
  await writeFile(`${sqlite}/package.json`, JSON.stringify({ name: "better-sqlite3", version: "13.2.0" }));
  await writeFile(`${sqlite}/index.js`, "module.exports = class { constructor() { process.abort(); } };");
  const olderNode = `${temporary.path}/older-node.cjs`;
  await writeFile(
    olderNode,
    'Object.defineProperty(process, "versions", { value: { ...process.versions, napi: "9" } });',
  );
  const serverStart = [`${temporary.path}/bin/coflux.js`, "server", "start", "--port", "0"];
  const started = promisify(execFile)(process.execPath, ["--require", olderNode, ...serverStart], {
    cwd: temporary.path,
  });
  await expect(started).rejects.toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(
      /^error: better-sqlite3 13\.2\.0 needs Node 22\.14 .*: upgrade Node, or install better-sqlite3@12\n$/,
    ),
  });
});
