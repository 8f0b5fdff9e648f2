import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { E, apiError } from "../support/scripted-api.ts";
import { useCommandLine } from "./command-rig.ts";
import { repositories, target } from "./manifest.ts";
import { run, step } from "./run-tree/views.ts";

// Commands that change something: what they ask of the API, and what they print.

const { api, coflux } = useCommandLine();

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
    ["projects delete shop", "DELETE /api/projects/shop", 204, undefined, undefined, ""],
    ["agents drain Sbcd", `POST ${E}/agents/Sbcd/drain`, 204, undefined, undefined, ""],
  ])("%s asks for it and prints what came of it", async (words, route, status, body, sent, stdout) => {
    api().answer(route, [status, body]);
    expect(await coflux(words)).toMatchObject({ code: 0, stdout });
    expect(api().requests.map(({ method, path, body: given }) => [`${method} ${path}`, given])).toEqual([
      [route, sent],
    ]);
  });
});

test("an environment is deleted only when it is archived, and that is known before anybody is asked", async () => {
  const shown = { name: "development", base: null, createdAt: 0, process: "stopped" };
  api().answer(`GET ${E}`, [200, { ...shown, state: "active" }]);
  const refused = await coflux("environments delete development");
  expect(refused).toMatchObject({
    code: 5,
    stderr: expect.stringContaining("coflux environments archive development"),
  });
  api().answer(`GET ${E}`, [200, { ...shown, state: "archived" }]);
  api().answer(`DELETE ${E}`, [204]);
  expect(await coflux("environments delete development")).toMatchObject({
    code: 0,
    stderr: "development is deleted\n",
  });
});

test.each([
  [
    "environments create",
    "Bad Name",
    '"Bad Name" is no name for an environment: segments',
    "coflux environments create bad-name",
  ],
  ["projects create", "My_Shop!", '"My_Shop!" is no name for a project: 1 to 63', "coflux projects create my-shop"],
  ["projects create", "Shop", '"Shop" is no name for a project', "coflux projects create shop"],
])("%s %s names what breaks the rule, and a name that keeps it", async (words, name, message, hint) => {
  const end = await coflux([...words.split(" "), name]);
  expect([end.code, end.stdout, api().requests]).toEqual([6, "", []]);
  expect(end.stderr).toContain(message);
  expect(end.stderr).toContain(hint);
});

test("a project with environments is not deleted, and the commands that end one are named", async () => {
  const refusal = apiError(409, "project_not_empty", "project shop still has environments (a, b); archive them first");
  api().answer("DELETE /api/projects/shop", refusal);
  const { code, stderr } = await coflux("projects delete shop");
  expect(code).toBe(5);
  expect(stderr.split("\n").slice(1)).toEqual([
    "  coflux environments archive <name> -p shop",
    "  coflux environments delete <name> -p shop",
    "",
  ]);
});

test.each([
  ["cancelled", "Rbcdfghj is cancelled\n"],
  ["succeeded", "Rbcdfghj had ended before (succeeded); nothing changes\n"],
])("cancelling a run that is %s afterwards says so", async (status, stderr) => {
  api().answer(`POST ${E}/runs/Rbcdfghj/cancel`, [204]);
  api().answer(`GET ${E}/runs/Rbcdfghj/result`, [200, { status, value: 1 }]);
  expect(await coflux("runs cancel Rbcdfghj")).toEqual({ code: 0, stdout: "", stderr });
});

test.each([
  ["is cancelled", { status: "cancelled", result: { status: "cancelled" } }],
  ["had ended before (succeeded); nothing changes", {}],
  ["had ended before (timed out); nothing changes", { status: "timed_out", result: { status: "timed_out" } }],
  [
    "had ended before (failed); nothing changes",
    {
      status: "spawned",
      result: { status: "spawned", execution: "Rx:1:1", run: { status: "failed", completedAt: 1 } },
    },
  ],
] as const)("cancelling an execution says that it %s", async (words, execution) => {
  api().answer(`POST ${E}/executions/Rbcdfghj:2:1/cancel`, [204]);
  api().answer(`GET ${E}/runs/Rbcdfghj`, [200, run([step(1, "greet", null), step(2, "add", 1, [execution])])]);
  const end = await coflux("runs cancel Rbcdfghj:2:1");
  expect(end).toEqual({ code: 0, stdout: "", stderr: `Rbcdfghj:2:1 ${words}\n` });
});

describe("submit", () => {
  const started = { runId: "Rbcdfghj", stepId: "Rbcdfghj:1", executionId: "Rbcdfghj:1:1" };
  const bodyOf = async (...words: string[]): Promise<unknown> => {
    api().answer(`POST ${E}/runs`, [201, started]);
    const end = await coflux(["submit", ...words]);
    expect(end).toEqual({ code: 0, stdout: "Rbcdfghj\n", stderr: "" });
    return api().requests[0]?.body;
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

  test("stores params that are too large for one request as a blob first", async () => {
    const input = JSON.stringify({ text: "x".repeat(4_200_000) });
    const key = createHash("sha256").update(input).digest("hex");
    api().answer(`PUT ${E}/blobs/${key}`, [204]);
    await coflux("submit flows/greet --params -", { input });
    expect(api().requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `PUT ${E}/blobs/${key}`,
      `POST ${E}/runs`,
    ]);
    expect(api().requests.at(-1)?.body).toMatchObject({ params: { $: "blob", v: { key, size: input.length } } });
  });

  test("says which words are strings although they begin like JSON", async () => {
    api().answer(`POST ${E}/runs`, [201, started]);
    const end = await coflux(["submit", "flows/greet", "[draft] mail", "Joe"]);
    expect(end.stderr).toBe("[draft] mail is not valid JSON, so it is passed as a string\n");
    expect(api().requests.at(-1)?.body).toMatchObject({ arguments: ["[draft] mail", "Joe"] });
  });

  test("takes params from the command line or from stdin", async () => {
    expect(await bodyOf("flows/greet", "--params", '{"a":1}')).toEqual({ target: "flows/greet", params: { a: 1 } });
    await coflux("submit flows/greet --params -", { input: '{"b":2}' });
    expect(api().requests.at(-1)?.body).toMatchObject({ params: { b: 2 } });
  });

  test("finds the target by the beginning of its path, and says so", async () => {
    api().answer(`GET ${E}/repositories`, [200, repositories]);
    api().answer(`POST ${E}/runs`, ({ body }) =>
      JSON.stringify(body).includes('"flows/greet"')
        ? [201, started]
        : apiError(404, "target_not_found", "there is no such target"),
    );
    const found = { code: 0, stdout: "Rbcdfghj\n" };
    expect(await coflux("submit flows/gr")).toEqual({ ...found, stderr: "flows/gr is flows/greet\n" });
    expect(await coflux("submit greet")).toEqual({ ...found, stderr: "greet is flows/greet\n" });
  });

  test("finds what was typed as it is before what begins like it, be it a task", async () => {
    const targets = [
      { ...target, name: "greetAll" },
      { ...target, name: "greet", type: "task" },
    ];
    api().answer(`GET ${E}/repositories`, [
      200,
      { repositories: [{ name: "flows", version: "1", targets, agents: [] }] },
    ]);
    api().answer(`POST ${E}/runs`, apiError(400, "not_a_workflow", "flows/greet is a task"));
    expect(await coflux("submit greet")).toMatchObject({ code: 6, stderr: expect.stringContaining("greet is a task") });
    expect(api().requests.at(-1)?.body).toMatchObject({ target: "flows/greet" });
  });

  test("says how to see what a target takes when its arguments are refused", async () => {
    api().answer(`POST ${E}/runs`, apiError(400, "invalid_arguments", "flows/greet takes 1 argument, not 3"));
    expect((await coflux("submit flows/greet a b c")).stderr).toContain("coflux workflows show flows/greet\n");
  });

  test("says that the environment is archived, and that an agent hosts nothing", async () => {
    const agents = [{ host: "box", pid: 7, connected: true }];
    api().answer(`GET ${E}/repositories`, [200, { repositories: [] }]);
    api().answer(`GET ${E}/agents`, [200, { agents }]);
    api().answer(`GET ${E}`, [200, { state: "archived" }]);
    expect(await coflux("submit greet")).toMatchObject({ code: 5, stderr: expect.stringContaining("is archived") });
    api().answer(`GET ${E}`, [200, { state: "active" }]);
    expect(await coflux("submit greet")).toMatchObject({ code: 3, stderr: expect.stringContaining("box:7") });
  });

  test("prints the API's answer with --json", async () => {
    api().answer(`POST ${E}/runs`, [201, started]);
    expect(JSON.parse((await coflux("submit flows/greet --json")).stdout)).toEqual(started);
  });
});
