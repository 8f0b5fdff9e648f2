import { writeFile } from "node:fs/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type CommandEnd, type CommandOptions, type RunCommand, buildCommandLine } from "../support/cli-build.ts";
import { E, type ScriptedApi, apiError, startScriptedApi } from "../support/scripted-api.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { failed, run, startedAt, step } from "./run-tree/views.ts";

// Commands as processes of their own: what they ask of the API, what they print where, and how they end.

let command: RunCommand;
let api: ScriptedApi;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeAll(async () => {
  command = await buildCommandLine();
});

beforeEach(async () => {
  api = await startScriptedApi();
  directory = await temporaryDirectory();
});

afterEach(async () => {
  await api.close();
  await directory.remove();
});

const coflux = async (words: string, options: CommandOptions = {}): Promise<CommandEnd> =>
  await command(words.split(" "), { cwd: directory.path, variables: { COFLUX_URL: api.url }, ...options });

const target = {
  name: "greet",
  type: "workflow",
  description: "Says hello",
  parameters: [
    { name: "id", isOptional: false, isRest: false },
    { name: "loud", isOptional: true, isRest: false },
  ],
  options: {
    retries: { limit: 3, backoffMinMs: 1_000, backoffMaxMs: 30_000 },
    timeoutMs: 10_000,
    delayMs: null,
    priority: null,
    isolation: null,
  },
};
const task = { ...target, name: "add", type: "task", description: null, parameters: [] };
const repositories = { repositories: [{ name: "flows", version: "1", targets: [target, task], agents: ["Sbcd"] }] };

describe("every list", () => {
  const cases = [
    [
      "projects list",
      "GET /api/projects",
      { projects: [{ id: "default", createdAt: startedAt, environments: 2 }] },
      "PROJECT  ENVIRONMENTS  CREATED\ndefault             2  2026-11-01T10:00:00.000Z\n",
      "default\n",
    ],
    [
      "environments list",
      "GET /api/projects/default/environments",
      { environments: [{ name: "dev/joe", state: "paused", base: null, createdAt: startedAt, process: "ready" }] },
      "ENVIRONMENT  STATE   PROCESS  BASE  CREATED\ndev/joe      paused  ready    -     2026-11-01T10:00:00.000Z\n",
      "dev/joe\n",
    ],
    [
      "runs list",
      `GET ${E}/runs`,
      {
        runs: [
          {
            id: "Rbcdfghj",
            target: "flows/greet",
            status: "succeeded",
            createdAt: startedAt,
            completedAt: startedAt + 1_500,
            parent: null,
          },
        ],
        cursor: null,
      },
      "RUN       STATUS     TARGET       CREATED                   TOOK  PARENT\n" +
        "Rbcdfghj  succeeded  flows/greet  2026-11-01T10:00:00.000Z  1.5s  -\n",
      "Rbcdfghj\n",
    ],
    [
      "workflows list",
      `GET ${E}/repositories`,
      repositories,
      "WORKFLOW     PARAMETERS  AGENTS  DESCRIPTION\nflows/greet  id, loud?        1  Says hello\n",
      "flows/greet\n",
    ],
    [
      "agents list",
      `GET ${E}/agents`,
      {
        agents: [
          {
            sessionId: "Sbcd",
            connected: true,
            draining: true,
            repositories: ["flows", "mail"],
            concurrency: 100,
            running: 3,
            waiting: 12,
            provides: {},
            host: "box",
            pid: 7,
            version: "0.1.0",
            createdAt: startedAt,
          },
        ],
      },
      "SESSION  STATE     REPOSITORIES  RUNNING  WAITING  HOST   SINCE\n" +
        "Sbcd     draining  flows, mail     3/100       12  box:7  2026-11-01T10:00:00.000Z\n",
      "Sbcd\n",
    ],
  ] as const;

  test.each(cases)("%s is a table in a pipe, without colour or cutting", async (words, route, body, table) => {
    api.answer(route, [200, body]);
    expect(await coflux(words)).toEqual({ code: 0, stdout: table, stderr: "" });
  });

  test.each(cases)("%s --json is the answer of the API", async (words, route, body) => {
    api.answer(route, [200, body]);
    const { stdout, stderr } = await coflux(`${words} --json`);
    expect([JSON.parse(stdout), stderr]).toEqual([body, ""]);
  });

  test.each(cases)("%s -q prints ids", async (words, route, body, _table, ids) => {
    api.answer(route, [200, body]);
    expect(await coflux(`-q ${words}`)).toEqual({ code: 0, stdout: ids, stderr: "" });
  });

  test("that is empty says so on stderr", async () => {
    api.answer(`GET ${E}/runs`, [200, { runs: [], cursor: null }]);
    expect(await coflux("runs list --status failed")).toEqual({
      code: 0,
      stdout: "",
      stderr: "no runs like that in development\n",
    });
    expect(api.requests[0]?.query).toEqual({ status: "failed", limit: "20" });
  });
});

test("ps shows each process, and what is not known as a dash", async () => {
  const now = Date.now();
  const process = {
    state: "ready",
    unresponsive: false,
    restarts: 0,
    cpuPercent: 1.234,
    eventLoopLagMs: 0.6,
    rssBytes: 73_400_320,
    startedAt: now - 60_000,
    lastExit: null,
  };
  const lastExit = { at: startedAt, code: null, signal: "SIGKILL", reason: "killed from outside" };
  api.answer("GET /api/processes", [
    200,
    {
      supervisor: { pid: 1, startedAt: now - 60_000, rssBytes: 1_048_576, version: "0.1.0" },
      gateway: { ...process, pid: 2 },
      orchestrators: [
        { ...process, project: "default", environment: "dev/joe", pid: 3, restarts: 2, unresponsive: true, lastExit },
        {
          project: "default",
          environment: "old",
          pid: null,
          state: "stopped",
          unresponsive: false,
          restarts: 0,
          startedAt: null,
          rssBytes: null,
          cpuPercent: null,
          eventLoopLagMs: null,
          lastExit: null,
        },
      ],
    },
  ]);
  const { stdout } = await coflux("ps");
  expect(stdout.replaceAll(/1m \ds/g, "1m 0s")).toBe(
    [
      "PROCESS          PID  STATE         UPTIME  RESTARTS   CPU   MEMORY   LAG  LAST EXIT",
      "supervisor         1  ready          1m 0s         0     -  1.0 MiB     -  -",
      "gateway            2  ready          1m 0s         0  1.2%   70 MiB  1 ms  -",
      "default/dev/joe    3  unresponsive   1m 0s         2  1.2%   70 MiB  1 ms  2026-11-01T10:00:00.000Z, SIGKILL, killed from outside",
      "default/old        -  stopped            -         0     -        -     -  -",
      "",
    ].join("\n"),
  );
});

describe("what is changed", () => {
  test.each([
    ["projects create shop", "POST /api/projects", 201, { id: "shop" }, { id: "shop" }, "shop\n"],
    [
      "environments create a/b --base main",
      "POST /api/projects/default/environments",
      201,
      { name: "a/b" },
      { name: "a/b", base: "main" },
      "a/b\n",
    ],
    ["environments restart", `POST ${E}/restart`, 200, { pid: 42 }, undefined, "42\n"],
    [
      "runs rerun Rbcdfghj:2",
      `POST ${E}/steps/Rbcdfghj:2/rerun`,
      201,
      { executionId: "Rbcdfghj:2:2", attempt: 2 },
      undefined,
      "Rbcdfghj:2:2\n",
    ],
    [
      "runs rerun Rbcdfghj",
      `POST ${E}/steps/Rbcdfghj:1/rerun`,
      201,
      { executionId: "Rbcdfghj:1:2", attempt: 2 },
      undefined,
      "Rbcdfghj:1:2\n",
    ],
    ["environments pause", `POST ${E}/pause`, 204, undefined, undefined, ""],
    ["environments resume development", `POST ${E}/resume`, 204, undefined, undefined, ""],
    ["environments archive development", `POST ${E}/archive`, 204, undefined, undefined, ""],
    ["environments delete development --yes", `DELETE ${E}`, 204, undefined, undefined, ""],
    ["projects delete shop", "DELETE /api/projects/shop", 204, undefined, undefined, ""],
    ["runs cancel Rbcdfghj", `POST ${E}/runs/Rbcdfghj/cancel`, 204, undefined, undefined, ""],
    ["runs cancel Rbcdfghj:2:1", `POST ${E}/executions/Rbcdfghj:2:1/cancel`, 204, undefined, undefined, ""],
    ["agents drain Sbcd", `POST ${E}/agents/Sbcd/drain`, 204, undefined, undefined, ""],
  ])("%s asks for it and prints what came of it", async (words, route, status, body, sent, stdout) => {
    api.answer(route, [status, body]);
    expect(await coflux(words)).toMatchObject({ code: 0, stdout });
    expect(api.requests.map(({ method, path, body: given }) => [`${method} ${path}`, given])).toEqual([[route, sent]]);
  });
});

describe("submit", () => {
  const started = { runId: "Rbcdfghj", stepId: "Rbcdfghj:1", executionId: "Rbcdfghj:1:1" };
  const bodyOf = async (...words: string[]): Promise<unknown> => {
    api.answer(`POST ${E}/runs`, [201, started]);
    const end = await command(["--url", api.url, "submit", ...words], { cwd: directory.path });
    expect(end).toEqual({ code: 0, stdout: "Rbcdfghj\n", stderr: "" });
    return api.requests[0]?.body;
  };

  test("sends words as JSON or as strings, and prints the run", async () => {
    expect(await bodyOf("flows/greet", "Joe", "7", "-1", '{"a":1}', "null")).toEqual({
      target: "flows/greet",
      arguments: ["Joe", 7, -1, { a: 1 }, null],
    });
  });

  test("sends what the flags say", async () => {
    const flags = "--idempotency-key k1 --delay 10m --timeout 30s --priority -5 --retries 3 --backoff 1s,30s";
    expect(await bodyOf("flows/greet", ...flags.split(" "))).toEqual({
      target: "flows/greet",
      arguments: [],
      idempotencyKey: "k1",
      delayMs: 600_000,
      timeoutMs: 30_000,
      priority: -5,
      retries: { limit: 3, backoffMinMs: 1_000, backoffMaxMs: 30_000 },
    });
  });

  test("sends words that look like flags after --", async () => {
    expect(await bodyOf("flows/greet", "--", "--loud", "-x")).toMatchObject({ arguments: ["--loud", "-x"] });
  });

  test("takes params from the command line or from stdin", async () => {
    expect(await bodyOf("flows/greet", "--params", '{"a":1}')).toEqual({ target: "flows/greet", params: { a: 1 } });
    await coflux("submit flows/greet --params -", { input: '{"b":2}' });
    expect(api.requests.at(-1)?.body).toMatchObject({ params: { b: 2 } });
  });

  test("finds the target by the beginning of its path, and says so", async () => {
    api.answer(`GET ${E}/repositories`, [200, repositories]);
    api.answer(`POST ${E}/runs`, ({ body }) =>
      JSON.stringify(body).includes('"flows/greet"')
        ? [201, started]
        : apiError(404, "target_not_found", "there is no such target"),
    );
    const found = { code: 0, stdout: "Rbcdfghj\n" };
    expect(await coflux("submit flows/gr")).toEqual({ ...found, stderr: "flows/gr is flows/greet\n" });
    expect(await coflux("submit greet")).toEqual({ ...found, stderr: "greet is flows/greet\n" });
  });

  test("prints the API's answer with --json", async () => {
    api.answer(`POST ${E}/runs`, [201, started]);
    expect(JSON.parse((await coflux("submit flows/greet --json")).stdout)).toEqual(started);
  });
});

describe("errors", () => {
  test.each([
    [apiError(404, "run_not_found", "there is no run Rbcdfghj"), 3],
    [apiError(403, "forbidden_host", "not this host"), 4],
    [apiError(409, "environment_archived", "it is archived"), 5],
    [apiError(400, "invalid_arguments", "too many arguments"), 6],
    [apiError(413, "body_too_large", "too large"), 6],
    [apiError(503, "environment_unavailable", "it restarts"), 7],
    [apiError(500, "internal", "a bug"), 1],
    [[200, "<html>"], 7],
    [[502, "<html>bad gateway</html>"], 7],
  ] as const)("%j ends with %i, says why, and prints no data", async (answer, code) => {
    api.answer(`GET ${E}/runs/Rbcdfghj`, answer);
    const end = await coflux("runs show Rbcdfghj");
    expect([end.code, end.stdout]).toEqual([code, ""]);
    expect(end.stderr).toMatch(/^error: .+\n {2}.+/);
    expect(end.stderr).not.toMatch(/\n\s+at /);
  });

  test("have one form with --json, on stderr", async () => {
    api.answer(`GET ${E}/runs/Rbcdfghj`, apiError(400, "invalid_request", "run: is no run", { field: "run" }));
    const { stdout, stderr } = await coflux("runs show Rbcdfghj --json");
    expect(stdout).toBe("");
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: "invalid_request",
        message: "run: is no run",
        hint: "correct the field that the message names",
        details: { field: "run" },
      },
    });
  });

  test("say when to come back", async () => {
    const [status, body] = apiError(503, "environment_unavailable", "the environment restarts");
    api.answer(`GET ${E}/agents`, [status, body, { "retry-after": "2" }]);
    expect((await coflux("agents list")).stderr).toContain("try again in 2 s");
  });

  test("a server that does not answer is named, with the way out", async () => {
    await api.close();
    const end = await coflux("runs list");
    expect(end.code).toBe(7);
    expect(end.stderr).toContain(api.url);
    expect(end.stderr).toContain("coflux server start");
    api = await startScriptedApi();
  });

  test("name what exists instead", async () => {
    const environments = ["production", "development"].map((name) => ({ name, state: "active" }));
    api.answer("GET /api/projects/default/environments", [200, { environments }]);
    api.answer(
      "GET /api/projects/default/environments/prodution/agents",
      apiError(404, "environment_not_found", "there is no environment prodution"),
    );
    const { stderr } = await coflux("agents list -e prodution");
    expect(stderr).toContain("did you mean production?");
    expect(stderr).toContain("production, development");

    api.answer(`GET ${E}/repositories`, [200, repositories]);
    api.answer(`POST ${E}/runs`, apiError(404, "target_not_found", "no"));
    expect((await coflux("submit flows/gret")).stderr).toContain("did you mean flows/greet?");
    expect((await coflux("submit flows/nothing")).stderr).toContain("targets: flows/add, flows/greet");
  });

  test.each([
    ["rnus list", "did you mean runs?"],
    ["runs lst", "did you mean list?"],
    ["runs", "coflux help runs"],
    ["runs show", "coflux help runs show"],
    ["runs list --sideways", "unknown option"],
    ["runs list --limit 0", "whole number from 1"],
    ["runs list --status gone", "Allowed choices"],
    ["runs list extra", "too many arguments"],
    ["submit flows/greet --delay soon", "is not a duration"],
    ["submit flows/greet a --params {}", "either it or arguments"],
    ["submit flows/greet --params [1]", "no JSON object"],
    ["submit flows/greet --params @none.json", "none.json"],
    ["submit flows/greet 12345678901234567890", "larger than a number"],
    ["logs nothing", "is no run"],
    ["runs rerun nothing", "neither a step"],
    ["runs list --url localhost:1", "--url is"],
    ["runs list -p No", "--project is"],
    ["runs list --token-file none", "token file"],
    ["agent start", "nothing to host"],
    ["agent start none.ts other.ts", "other.ts"],
    ["help dance", "there is no command dance"],
  ])("%s is misuse and says: %s", async (words, message) => {
    const end = await coflux(words);
    expect([end.code, end.stdout]).toEqual([2, ""]);
    expect(end.stderr).toContain(message);
    expect(api.requests).toEqual([]);
  });

  test("a token is sent from its file", async () => {
    api.answer("GET /api/projects", [200, { projects: [] }]);
    await coflux("projects list", { variables: { COFLUX_URL: api.url, COFLUX_TOKEN: "secret" } });
    expect(api.requests[0]?.authorization).toBe("Bearer secret");
  });
});

describe("one thing", () => {
  const view = run([step(1, "greet", null, [failed("bad row")], ["u1"]), step(2, "load", 1, [failed("bad row")])], {
    status: "failed",
    completedAt: startedAt + 500,
    idempotencyKey: "k1",
  });

  test("runs show has facts, tree and error", async () => {
    api.answer(`GET ${E}/runs/Rbcdfghj`, [200, view]);
    const { code, stdout } = await coflux("runs show Rbcdfghj");
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "run        Rbcdfghj
      target     flows/greet
      status     failed
      created    2026-11-01T10:00:00.000Z
      completed  2026-11-01T10:00:00.500Z
      key        k1
      result     TypeError: bad row

      ✗ greet "u1"  0.3s  TypeError: bad row
      └─ ✗ load     0.3s  TypeError: bad row
        2 steps · 2 failed

      TypeError: bad row
      "
    `);
    expect(JSON.parse((await coflux("runs show Rbcdfghj --json")).stdout)).toEqual(view);
  });

  test("workflows show has parameters and options", async () => {
    api.answer(`GET ${E}/repositories`, [200, repositories]);
    expect(await coflux("workflows show greet")).toMatchObject({
      stdout:
        "workflow     flows/greet\n" +
        "description  Says hello\n" +
        "parameters   id, loud?\n" +
        "options      retries 3 (1.0s to 30s apart), timeout 10s\n" +
        "agents       Sbcd\n",
    });
    expect(JSON.parse((await coflux("workflows show greet --json")).stdout)).toMatchObject({
      path: "flows/greet",
      ...target,
    });
  });

  test("environments show is of the environment of the command unless one is named", async () => {
    const shown = { name: "development", state: "active", base: null, createdAt: startedAt, process: "stopped" };
    api.answer(`GET ${E}`, [200, shown]);
    expect((await coflux("environments show")).stdout).toContain("process      stopped\n");
  });

  test.each([
    [{ status: "succeeded", value: { a: 1 } }, 0, '{"a":1}\n'],
    [{ status: "failed", error: { type: "TypeError", message: "bad row", stack: "", frames: [] } }, 10, ""],
    [{ status: "cancelled" }, 11, ""],
    [{ status: "timed_out" }, 12, ""],
    [{ status: "abandoned", reason: "gone" }, 12, ""],
    [{ status: "pending" }, 13, ""],
  ])("runs result of %j ends with %i", async (result, code, stdout) => {
    api.answer(`GET ${E}/runs/Rbcdfghj/result`, [200, result]);
    const end = await coflux("runs result Rbcdfghj");
    expect([end.code, end.stdout]).toEqual([code, stdout]);
    expect(end.stderr === "").toBe(code === 0);
    const asJson = await coflux("runs result Rbcdfghj --json");
    expect([asJson.code, JSON.parse(asJson.stdout)]).toEqual([code, result]);
  });

  test("a large result is fetched", async () => {
    const value = { $: "blob", v: { key: "0".repeat(64), size: 40_000 } };
    api.answer(`GET ${E}/runs/Rbcdfghj/result`, [200, { status: "succeeded", value }]);
    api.answer(`GET ${E}/blobs/${"0".repeat(64)}`, [200, '["large"]']);
    expect((await coflux("runs result Rbcdfghj")).stdout).toBe('["large"]\n');
  });
});

describe("logs", () => {
  const log = (sequence: number, template: string, values: object = {}) => ({
    executionId: "Rbcdfghj:2:1",
    sequence,
    timestamp: startedAt + sequence,
    level: "info",
    template,
    values,
  });

  test("are printed line by line", async () => {
    api.answer(`GET ${E}/runs/Rbcdfghj/logs`, [200, { logs: [log(1, "row {row}", { row: 7 })], cursor: "c1" }]);
    expect(await coflux("logs Rbcdfghj:2:1 --level warn")).toEqual({
      code: 0,
      stdout: "2026-11-01T10:00:00.001Z info   Rbcdfghj:2:1 row 7\n",
      stderr: "",
    });
    expect(api.requests[0]?.query).toEqual({ step: "2", attempt: "1", level: "warn", limit: "1000" });
    expect(JSON.parse((await coflux("logs Rbcdfghj --json")).stdout)).toMatchObject({ cursor: "c1", logs: [{}] });
  });

  test("are followed until the run is final, one JSON value on each line", async () => {
    let looks = 0;
    api.answer(`GET ${E}/runs/Rbcdfghj/logs`, ({ query }) => {
      looks += 1;
      const isNew = query["after"] !== `c${looks}`;
      return [200, { logs: isNew ? [log(looks, "line")] : [], cursor: isNew ? `c${looks}` : null }];
    });
    let asked = 0;
    api.answer(`GET ${E}/runs/Rbcdfghj/result`, () => {
      asked += 1;
      if (asked === 2) return apiError(503, "environment_unavailable", "it restarts");
      return [200, asked < 4 ? { status: "pending" } : { status: "succeeded", value: 1 }];
    });
    const { code, stdout } = await coflux("logs Rbcdfghj -f --json");
    expect(code).toBe(0);
    const sequences = stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { sequence: number }).sequence);
    expect(sequences).toEqual([1, 2, 3, 4]);
  });
});

describe("dev", () => {
  beforeEach(async () => {
    await writeFile(`${directory.path}/flows.ts`, "");
  });

  test("does not start a server where something else listens, and names another port", async () => {
    api.answer("GET /api/version", [200, "hello"]);
    const { code, stderr } = await coflux("dev flows.ts");
    expect(code).toBe(5);
    expect(stderr).toContain(`--url http://127.0.0.1:${Number(new URL(api.url).port) + 1}`);
  });

  test("does not start a server for another machine", async () => {
    const { code, stderr } = await coflux("dev flows.ts --url http://nowhere.invalid:7777");
    expect(code).toBe(7);
    expect(stderr).toContain("only one on this machine can be started here");
  });

  test("names files that are missing before it asks anybody", async () => {
    expect(await coflux("dev none.ts")).toMatchObject({ code: 2, stderr: expect.stringContaining("none.ts") });
    expect(api.requests).toEqual([]);
  });
});

test("a reader that goes away ends the command without a word", async () => {
  const many = Array.from({ length: 20_000 }, (_, index) => ({
    id: `project-${index}`,
    createdAt: 0,
    environments: 0,
  }));
  api.answer("GET /api/projects", [200, { projects: many }]);
  const end = await coflux("projects list", { closesStdout: true });
  expect(end).toMatchObject({ code: 0, stderr: "" });
});

test("the configuration says where a command works", async () => {
  await writeFile(
    `${directory.path}/coflux.config.ts`,
    `export default { url: ${JSON.stringify(api.url)}, project: "shop", environment: "a/b" };`,
  );
  const agents = "/api/projects/shop/environments/a/b/agents";
  api.answer(`GET ${agents}`, [200, { agents: [] }]);
  expect(await coflux("agents list", { variables: {} })).toMatchObject({ code: 0 });
  await writeFile(`${directory.path}/coflux.config.ts`, "export default { urll: 1 };");
  expect(await coflux("agents list")).toMatchObject({ code: 2, stderr: expect.stringContaining("urll is not known") });
});

describe("help", () => {
  test("without words, and of each command, goes to stdout", async () => {
    const end = await coflux("help");
    expect(end).toMatchObject({ code: 0, stderr: "" });
    expect(end.stdout).toContain("Usage: coflux");
    expect(await coflux("runs list --help")).toMatchObject({ code: 0, stderr: "" });
    expect((await coflux("help runs list")).stdout).toContain("Usage: coflux runs list");
  });

  test("lists the exit codes", async () => {
    const { stdout } = await coflux("help exit-codes");
    for (const code of [0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 130]) {
      expect(stdout).toMatch(new RegExp(`^ *${code}  \\w`, "m"));
    }
  });

  test("the version is one line", async () => {
    expect(await coflux("--version")).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" });
  });
});
