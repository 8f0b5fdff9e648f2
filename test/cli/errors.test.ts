import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { E, apiError, startScriptedApi } from "../support/scripted-api.ts";
import { useCommandLine } from "./command-rig.ts";
import { repositories } from "./manifest.ts";

// What goes wrong: the exit code, and a sentence that says what to do.

const { api, directory, coflux } = useCommandLine();

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
    api().answer(`GET ${E}/runs/Rbcdfghj`, answer);
    const end = await coflux("runs show Rbcdfghj");
    expect([end.code, end.stdout]).toEqual([code, ""]);
    expect(end.stderr).toMatch(/^error: .+\n {2}.+/);
    expect(end.stderr).not.toMatch(/\n\s+at /);
  });

  test("have one form with --json, on stderr", async () => {
    api().answer(`GET ${E}/runs/Rbcdfghj`, apiError(400, "invalid_request", "run: is no run", { field: "run" }));
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
    api().answer(`GET ${E}/agents`, [status, body, { "retry-after": "2" }]);
    expect((await coflux("agents list")).stderr).toContain("try again in 2 s");
  });

  test("a server that does not answer is named, with the way out", async () => {
    const silent = await startScriptedApi();
    await silent.close();
    const end = await coflux(`runs list --url ${silent.url}`);
    expect(end.code).toBe(7);
    expect(end.stderr).toContain(silent.url);
    expect(end.stderr).toContain(`\`coflux dev <files…> --url ${silent.url}\` or \`coflux server start\`,`);
  });

  test("name commands as this one was started", async () => {
    const silent = await startScriptedApi();
    await silent.close();
    const variables = { npm_command: "exec", COFLUX_URL: silent.url };
    const stderr = async (words: string): Promise<string> => (await coflux(words, { variables })).stderr;
    expect(await stderr("runs list")).toContain("`npx coflux dev <files…>` or `npx coflux server start`,");
    expect(await stderr("runs list --sideways")).toContain("  npx coflux help runs list\n");
    expect(await stderr("dev --port 7805")).toContain("npx coflux dev …");
    const { stdout } = await coflux("help runs show", { variables });
    expect(stdout).toContain("Usage: npx coflux runs show");
    expect(stdout).toContain("  $ npx coflux runs show Rk7mQx4pT\n");
    expect(stdout).toContain("of every command: npx coflux help\n");
  });

  test("name what exists instead", async () => {
    const environments = ["production", "development"].map((name) => ({ name, state: "active" }));
    api().answer("GET /api/projects/default/environments", [200, { environments }]);
    api().answer(
      "GET /api/projects/default/environments/prodution/agents",
      apiError(404, "environment_not_found", "there is no environment prodution"),
    );
    const { stderr } = await coflux("agents list -e prodution");
    expect(stderr).toContain("did you mean production?");
    expect(stderr).toContain("production, development");

    api().answer(`GET ${E}/repositories`, [200, repositories]);
    api().answer(`GET ${E}`, [200, { state: "active" }]);
    api().answer(`POST ${E}/runs`, apiError(404, "target_not_found", "no"));
    expect((await coflux("workflows show flows/")).stderr).toContain("flows/add, flows/greet");
    expect((await coflux("workflows show flows/nothing")).stderr).toContain("targets: flows/add, flows/greet");
    expect((await coflux("submit flows/gret")).stderr).toContain("did you mean flows/greet?");
    expect((await coflux("submit flows/nothing")).stderr).toContain("workflows: flows/greet\n"); // A task cannot be started.
  });

  test("suggest what is like the name that was asked for, not like the place of the command", async () => {
    const environments = ["development", "production"].map((name) => ({ name, state: "active" }));
    api().answer("GET /api/projects/default/environments", [200, { environments }]);
    for (const [name, hint] of [
      ["nope", undefined],
      ["prodution", "production"],
    ] as const) {
      const refusal = apiError(404, "environment_not_found", `there is no environment "${name}": create it`, { name });
      api().answer(`GET /api/projects/default/environments/${name}`, refusal);
      const { stderr } = await coflux(`environments show ${name}`);
      expect(/did you mean (\w+)/.exec(stderr)?.[1]).toBe(hint);
    }
  });

  test("repeat a command of the server with the address at which it was reached", async () => {
    const message = 'there is no environment "nope": create it with `coflux environments create nope -p default`';
    const refusal = apiError(404, "environment_not_found", message);
    api().answer("GET /api/projects/default/environments/nope/agents", refusal);
    api().answer("GET /api/projects/default/environments", [200, { environments: [] }]);
    const { url } = api();
    const { stderr } = await coflux(["agents", "list", "-e", "nope", "--url", url]);
    expect(stderr).toContain(`\`coflux environments create nope -p default --url ${url}\``);
    expect((await coflux("agents list -e nope")).stderr).toContain(message);
  });

  test.each([
    ["rnus list", "did you mean runs?"],
    ["runs lst", "did you mean list?"],
    ["runs", "list    list runs, newest first"],
    ["runs show", "coflux help runs show"],
    ["runs list --sideways", "unknown option"],
    ["runs list --limit 0", "whole number from 1"],
    ["runs list --status gone", "Allowed choices"],
    ["runs list extra", "too many arguments"],
    ["submit flows/greet --delay 5", "Write a number with its unit"],
    ["submit flows/greet --retries many", "or unlimited"],
    ["submit flows/greet --timeout 0s", "1ms at least"],
    ["submit flows/greet 1e999", "larger than any number"],
    ["dev --port 7805", "--url http://127.0.0.1:<port>"],
    ["submit flows/greet a --params {}", "either it or arguments"],
    ["submit flows/greet --params [1]", "no JSON object"],
    ["submit flows/greet --params @none.json", "none.json"],
    ["submit flows/greet 12345678901234567890", "larger than a number"],
    ["submit flows/greet -x", "behind -- it is an argument: coflux submit <target> -- …"],
    ["logs nothing", "is no run"],
    ["runs show nothing", "is no run"],
    ["runs watch Rbcdfghj:2", "its run is Rbcdfghj"],
    ["runs result nothing", "is no run"],
    ["runs cancel Rbcdfghj:2", "coflux runs cancel Rbcdfghj:2:1\n  coflux runs cancel Rbcdfghj\n"],
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
    expect(api().requests).toEqual([]);
  });

  test("a token is sent from its file, which is named by a flag, a variable or the configuration; else from its variable", async () => {
    for (const name of ["flag", "variable", "config"])
      await writeFile(`${directory()}/${name}.token`, `from-${name}\n`);
    const text = "from-text";
    const sent = async (words: string, variables: Record<string, string> = {}): Promise<string | undefined> => {
      api().answer("GET /api/projects", [200, { projects: [] }]);
      const end = await coflux(words, { variables: { COFLUX_URL: api().url, ...variables } });
      expect([end.code, end.stderr]).toEqual([0, expect.not.stringContaining("from-")]);
      return api().requests.at(-1)?.authorization;
    };
    const file = { COFLUX_TOKEN_FILE: "variable.token" };
    expect(await sent("projects list")).toBeUndefined();
    await writeFile(`${directory()}/coflux.config.json`, JSON.stringify({ tokenFile: "config.token" }));
    expect(await sent("projects list")).toBe("Bearer from-config");
    expect(await sent("projects list", { COFLUX_TOKEN: text })).toBe(`Bearer ${text}`);
    expect(await sent("projects list", { COFLUX_TOKEN: text, ...file })).toBe("Bearer from-variable");
    const flagged = "projects list --token-file flag.token";
    expect(await sent(flagged, { COFLUX_TOKEN: text, ...file })).toBe("Bearer from-flag");
  });
});

describe("dev", () => {
  beforeEach(async () => {
    await writeFile(`${directory()}/flows.ts`, "");
  });

  test("does not start a server where something else listens, and names another port", async () => {
    api().answer("GET /api/version", [200, "hello"]);
    const { code, stderr } = await coflux("dev flows.ts");
    expect(code).toBe(5);
    expect(stderr).toContain(`--url http://127.0.0.1:${Number(new URL(api().url).port) + 1}`);
  });

  test("does not start a server for another machine", async () => {
    const { code, stderr } = await coflux("dev flows.ts --url http://nowhere.invalid:7777");
    expect(code).toBe(7);
    expect(stderr).toContain("only one on this machine can be started here");
  });

  test("names files that are missing before it asks anybody", async () => {
    expect(await coflux("dev none.ts")).toMatchObject({ code: 2, stderr: expect.stringContaining("none.ts") });
    expect(api().requests).toEqual([]);
  });
});

test("an empty word is no target", async () => {
  expect(await coflux(["run", ""])).toMatchObject({ code: 2, stderr: expect.stringContaining("must not be empty") });
});

test("a reader that goes away ends the command without a word", async () => {
  const many = Array.from({ length: 20_000 }, (_, index) => ({
    id: `project-${index}`,
    createdAt: 0,
    environments: 0,
  }));
  api().answer("GET /api/projects", [200, { projects: many }]);
  const end = await coflux("projects list", { closesStdout: true });
  expect(end).toMatchObject({ code: 0, stderr: "" });
});

test.skipIf(!existsSync("/dev/full"))(
  "a result that cannot be written is an error, and hints that cannot are none",
  async () => {
    api().answer("GET /api/projects", [200, { projects: [] }]);
    const lost = await coflux("projects list --json", { stdoutFile: "/dev/full" });
    expect(lost).toMatchObject({ code: 1, stderr: expect.stringContaining("stdout cannot be written") });
    expect(await coflux("projects list", { stderrFile: "/dev/full" })).toMatchObject({ code: 0 });
  },
);

test("the configuration says where a command works", async () => {
  await writeFile(
    `${directory()}/coflux.config.ts`,
    `export default { url: ${JSON.stringify(api().url)}, project: "shop", environment: "a/b" };`,
  );
  const agents = "/api/projects/shop/environments/a/b/agents";
  api().answer(`GET ${agents}`, [200, { agents: [] }]);
  expect(await coflux("agents list", { variables: {} })).toMatchObject({ code: 0 });
  await writeFile(`${directory()}/coflux.config.ts`, "export default { urll: 1 };");
  expect(await coflux("agents list")).toMatchObject({ code: 2, stderr: expect.stringContaining("urll is not known") });
});
