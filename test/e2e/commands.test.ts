import { afterAll, beforeAll, expect, test } from "vitest";
import { type Finished, coflux, startCoflux } from "../support/coflux.ts";
import { type TestAgent, type TestServer, startAgent, startServer } from "../support/server.ts";
import type { RunView } from "../../src/protocol/views.ts";
import { temporaryDirectory } from "../support/temporary.ts";

let server: TestServer;
let agent: TestAgent;
let temporary: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeAll(async () => {
  temporary = await temporaryDirectory();
  server = await startServer();
  agent = await startAgent(server);
});

afterAll(async () => {
  await agent?.stop();
  await server?.remove();
  await temporary?.remove();
});

const run = async (...words: string[]): Promise<Finished> => await coflux([...words, "--url", server.url]);

test("run prints the result on stdout and the tree on stderr", async () => {
  const { code, stdout, stderr } = await run("run", "flows/sum", "2", "3");
  expect([code, JSON.parse(stdout)]).toEqual([0, 5]);
  expect(stderr).toContain("add");
});

test.each([
  ["a failed run", ["run", "flows/failing", "oh"], 10],
  ["an unknown target", ["run", "flows/nothing"], 3],
  ["a task", ["run", "flows/add", "1", "2"], 6],
  ["too many arguments", ["run", "flows/sum", "1", "2", "3"], 6],
  ["too few arguments", ["run", "flows/sum", "1"], 6],
  ["an unknown command", ["dance"], 2],
  ["an unknown flag", ["run", "--sideways"], 2],
  ["an unknown run", ["runs", "show", "Rbcdfgh"], 3],
  ["an unknown environment", ["runs", "list", "-e", "nowhere"], 3],
  ["an environment that exists", ["environments", "create", "development"], 5],
])("%s ends with its exit code, says why, and prints no data", async (_what, words, code) => {
  const finished = await run(...words);
  expect([finished.code, finished.stdout]).toEqual([code, ""]);
  expect(finished.stderr.length).toBeGreaterThan(10);
  expect(finished.stderr).not.toMatch(/\n\s+at /);
});

test("no server is exit code 7, with the way out", async () => {
  const { code, stderr } = await coflux(["runs", "list", "--url", "http://127.0.0.1:9"]);
  expect(code).toBe(7);
  expect(stderr).toContain("coflux server start");
});

test("a word that is no JSON is a string", async () => {
  expect(JSON.parse((await run("run", "flows/echo", "Joe")).stdout)).toBe("Joe");
  expect(JSON.parse((await run("run", "flows/echo", '{"a":[1]}')).stdout)).toEqual({ a: [1] });
});

test("an optional parameter is shown as one, and may be left out", async () => {
  expect((await run("workflows", "show", "flows/retried")).stdout).toMatch(/parameters +succeedsAt, path\?\n/);
  expect((await run("run", "flows/retried", "1")).stdout).toBe("1\n");
});

test.each([
  `{"__proto__":{"isAdmin":true},"constructor":"c","toString":[1],"hasOwnProperty":{"__proto__":null},"a":1}`,
  `[{"__proto__":[]},{"$":"object","v":{"$":1,"__proto__":2}}]`,
])("keys are only keys, through argument, task and result: %s", async (value) => {
  const { stdout, stderr } = await run("run", "flows/relay", value);
  expect([stdout, stderr]).toEqual([`${value}\n`, expect.stringContaining("same")]);
  const [id = ""] = /R[A-Za-z0-9]{6,}/.exec(stderr) ?? [];
  const place = "/api/projects/default/environments/development/runs";
  const view = await server.api<RunView>("GET", `${place}/${id}`);
  expect(JSON.stringify(view.body.steps.map((step) => step.arguments))).toBe(`[[${value}],[${value}]]`);
  expect(JSON.stringify(view.body.steps.map((step) => step.executions[0]?.result))).toBe(
    `[{"status":"succeeded","value":${value}},{"status":"succeeded","value":${value}}]`,
  );
});

test("a large result is printed as a small one, in a pipe whole", async () => {
  expect((await run("run", "flows/large", "100000")).stdout).toBe(`"${"x".repeat(100_000)}"\n`);
  const { code, stdout, stderr } = await run("run", "flows/largeObject", "2000000");
  expect(code).toBe(0);
  const printed: unknown = JSON.parse(stdout);
  expect(printed).toEqual({
    text: "x".repeat(2_000_000),
    when: { $: "date", v: "1970-01-01T00:00:00.000Z" },
    handle: { $: "ref", v: { kind: "execution", id: expect.stringMatching(/:2:1$/), target: "flows/add" } },
  });
  const [id = ""] = /R[A-Za-z0-9]{6,}/.exec(stderr) ?? [];
  expect((await run("runs", "result", id)).stdout).toBe(stdout);
});

test("submit prints the id, and the other commands take it from there", async () => {
  const id = (await run("submit", "flows/chatty", "2")).stdout.trim();
  expect(id).toMatch(/^R/);
  expect((await run("runs", "watch", id)).code).toBe(0);
  expect(JSON.parse((await run("runs", "result", id)).stdout)).toBe(2);
  expect(JSON.parse((await run("runs", "show", id, "--json")).stdout)).toMatchObject({ id, status: "succeeded" });
  expect((await run("logs", id)).stdout).toContain("line 2");
  expect((await run("runs", "rerun", `${id}:1`)).code).toBe(0);
  expect((await run("runs", "list")).stdout).toContain(id);
});

test("a cancelled run ends the one who waits with 11", async () => {
  const waiting = startCoflux(["run", "flows/sleeper", `${temporary.path}/sleep`, "--url", server.url]);
  const [id] = await waiting.line(/R[A-Za-z0-9]{6,}/);
  expect((await run("runs", "cancel", id ?? "")).code).toBe(0);
  expect((await waiting.finished).code).toBe(11);
});

test("the lists show what is there", async () => {
  expect((await run("projects", "list")).stdout).toContain("default");
  expect((await run("environments", "list")).stdout).toContain("development");
  expect((await run("workflows", "list")).stdout).toContain("flows/sum");
  expect((await run("workflows", "show", "flows/sum", "--json")).stdout).toContain('"a"');
  expect((await run("agents", "list")).stdout).toContain("flows");
  const processes = (await run("ps")).stdout;
  for (const name of ["supervisor", "gateway", "development"]) expect(processes).toContain(name);
});

test("environments are created, paused, resumed, restarted and archived", async () => {
  for (const words of [
    ["create", "staging"],
    ["pause", "staging"],
    ["resume", "staging"],
    ["restart", "staging"],
  ]) {
    expect([words, (await run("environments", ...words)).code]).toEqual([words, 0]);
  }
  expect((await run("environments", "archive", "staging", "--yes")).code).toBe(0);
  expect(JSON.parse((await run("environments", "show", "staging", "--json")).stdout)).toMatchObject({
    state: "archived",
  });
});
