import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Started, bin, coflux, startCoflux } from "../support/coflux.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary.ts";

// `coflux dev` as people see it: what it says of its server, its agent and its runs.

const flows = `
import { log, task, workflow } from "coflux";
export const shout = task(async (word: string) => {
  log.info("shouting {word}", { word });
  return word.toUpperCase();
});
export const hello = workflow(async (name: string) => await shout(name));
export const refuses = workflow(async () => {
  throw new TypeError("bad row");
});
`;

/** Gives a command a terminal of its own; part of every Linux, but not everywhere of a container. */
const script = "/usr/bin/script";

let temporary: Awaited<ReturnType<typeof temporaryDirectory>>;
let url: string;
let started: Started[] = [];

beforeAll(async () => {
  temporary = await temporaryDirectory();
  url = `http://127.0.0.1:${await freePort()}`;
});
afterEach(async () => {
  for (const { process } of started.toReversed()) process.kill("SIGINT");
  await Promise.all(started.map(({ finished }) => finished));
  started = [];
});
afterAll(async () => await temporary?.remove());

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** In a directory of its own, which holds `flows.ts` with this text. */
async function startDev(name: string, source: string): Promise<Started & { readonly directory: string }> {
  const directory = `${temporary.path}/${name}`;
  await mkdir(directory, { recursive: true });
  await writeFile(`${directory}/flows.ts`, source);
  const dev = startCoflux(["dev", "flows.ts", "--url", url], { cwd: directory });
  started.push(dev);
  return { ...dev, directory };
}

test("dev says what to type, then what its runs do, and keeps its data out of git", async () => {
  const dev = await startDev("one", flows);
  await dev.line(/3 targets of flows/);
  await dev.line(/next: .*coflux run flows\/hello <name>/);
  expect((await coflux(["run", "hello", "Joe", "--url", url])).stdout).toBe('"JOE"\n');
  const [, run] = await dev.line(/flows\/hello (R\w+) started/);
  await dev.line(new RegExp(`info +${run}:2:1 shouting Joe`));
  await dev.line(new RegExp(`flows/hello ${run} succeeded in`));
  expect((await coflux(["run", "refuses", "--url", url])).code).toBe(10);
  await dev.line(/flows\/refuses R\w+ failed in .*: TypeError: bad row/);
  expect(await readFile(`${dev.directory}/.coflux/.gitignore`, "utf8")).toBe("*\n");
});

test("dev in another project is told that its repository is hosted already, and names its own targets", async () => {
  const first = await startDev("one", flows);
  await first.line(/3 targets of flows/);
  const second = await startDev("two", flows.replace("hello", "goodbye"));
  await second.line(new RegExp(`:${first.pid} hosts flows here too`));
  await second.line(/3 targets of flows/);
  await second.line(/next: .*coflux run flows\/goodbye <name>/);
});

test.skipIf(!existsSync(script))("dev ends in order when its terminal is closed", async () => {
  const directory = `${temporary.path}/terminal`;
  await mkdir(directory);
  await writeFile(`${directory}/flows.ts`, flows);
  const command = `"${process.execPath}" "${bin}" dev flows.ts --url ${url}`;
  // The shell is told that the terminal is gone, and stays to hear how the command ends.
  const words = `${command} & trap "kill -HUP $!" HUP; wait $!; wait $!; echo $? > ended; mv ended code`;
  const terminal = spawn(script, ["-qec", words, "/dev/null"], {
    cwd: directory,
    env: { ...process.env, SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let shown = "";
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => (shown += text));
  await eventually("it is ready", () => Promise.resolve(shown.includes("3 targets of flows")));
  terminal.kill("SIGKILL");
  await eventually("it has ended", async () => existsSync(`${directory}/code`));
  expect(await readFile(`${directory}/code`, "utf8")).toBe("0\n");
});

test("dev with code that does not load waits for code that does", async () => {
  const dev = await startDev("three", "export const = broken");
  await dev.line(/flows\.ts:1:13/);
  await writeFile(`${dev.directory}/flows.ts`, flows);
  await dev.line(/3 targets of flows/);
});
