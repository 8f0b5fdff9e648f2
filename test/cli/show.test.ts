import { describe, expect, test } from "vitest";
import { createApi } from "../../src/cli/api/api.ts";
import { printResult } from "../../src/cli/commands/print-result.ts";
import { exampleCall } from "../../src/cli/commands/workflows.ts";
import { RESULT_LIMIT_BYTES, RESULT_ON_TERMINAL_BYTES } from "../../src/cli/limits.ts";
import { E, apiError } from "../support/scripted-api.ts";
import { captureOutput } from "./captured-output.ts";
import { useCommandLine } from "./command-rig.ts";
import { repositories, target } from "./manifest.ts";
import { failed, run, startedAt, step } from "./run-tree/views.ts";

// Commands that show one thing, its log, or help.

const { api, coflux } = useCommandLine();

describe("one thing", () => {
  const view = run([step(1, "greet", null, [failed("bad row")], ["u1"]), step(2, "load", 1, [failed("bad row")])], {
    status: "failed",
    completedAt: startedAt + 500,
    idempotencyKey: "k1",
  });

  test("runs show has facts, tree and error", async () => {
    api().answer(`GET ${E}/runs/Rbcdfghj`, [200, view]);
    const { code, stdout } = await coflux("runs show Rbcdfghj");
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "run        Rbcdfghj
      target     flows/greet
      status     failed
      created    2026-11-01T10:00:00.000Z
      completed  2026-11-01T10:00:00.500Z
      key        k1

      ✗ greet "u1"  0.3s
      └─ ✗ load     0.3s  TypeError: bad row
        2 steps · 2 failed

      TypeError: bad row
      "
    `);
    expect(JSON.parse((await coflux("runs show Rbcdfghj --json")).stdout)).toEqual(view);
  });

  test("runs show says what it leaves out of a run that was run again", async () => {
    const again = { ...failed("bad row"), createdAt: startedAt + 900, assignedAt: startedAt + 900 };
    const [root, before] = [
      step(1, "greet", null, [failed("bad row"), again]),
      step(2, "load", 1, [failed("bad row")]),
    ];
    const after = { ...step(3, "load", 1, [failed("bad row")]), parentId: "Rbcdfghj:1:2" };
    api().answer(`GET ${E}/runs/Rbcdfghj`, [200, run([root, before, after], { status: "failed" })]);
    const { stdout, stderr } = await coflux("runs show Rbcdfghj");
    expect(stdout).toContain("3 steps · 3 failed");
    expect(stderr).toBe("1 step of earlier attempts left out: coflux runs show Rbcdfghj --all\n");
    expect(await coflux("runs show Rbcdfghj --all")).toMatchObject({ stderr: "" });
  });

  test("workflows show has parameters and options", async () => {
    api().answer(`GET ${E}/repositories`, [200, repositories]);
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

  test("a call to type has every parameter, and marks what may be left out", () => {
    const rest = { name: "tags", isOptional: true, isRest: true };
    expect(exampleCall("flows/greet", [...target.parameters, rest])).toBe("flows/greet <id> [loud]");
  });

  test("environments show is of the environment of the command unless one is named", async () => {
    const shown = { name: "development", state: "active", base: null, createdAt: startedAt, process: "stopped" };
    api().answer(`GET ${E}`, [200, shown]);
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
    api().answer(`GET ${E}/runs/Rbcdfghj/result`, [200, result]);
    const end = await coflux("runs result Rbcdfghj");
    expect([end.code, end.stdout]).toEqual([code, stdout]);
    expect(end.stderr === "").toBe(code === 0);
    const asJson = await coflux("runs result Rbcdfghj --json");
    expect([asJson.code, JSON.parse(asJson.stdout)]).toEqual([code, result]);
  });

  test("a large result is fetched", async () => {
    const value = { $: "blob", v: { key: "0".repeat(64), size: 40_000 } };
    api().answer(`GET ${E}/runs/Rbcdfghj/result`, [200, { status: "succeeded", value }]);
    api().answer(`GET ${E}/blobs/${"0".repeat(64)}`, [200, '["large"]']);
    expect((await coflux("runs result Rbcdfghj")).stdout).toBe('["large"]\n');
  });

  test("what a large result refers to stands where it would in a small one", async () => {
    const reference = { kind: "execution", id: "Rbcdfghj:2:1", target: "flows/add" };
    const value = { $: "blob", v: { key: "0".repeat(64), size: 40_000, references: [reference] } };
    api().answer(`GET ${E}/runs/Rbcdfghj/result`, [200, { status: "succeeded", value }]);
    api().answer(`GET ${E}/blobs/${"0".repeat(64)}`, [200, '{"large":{"$":"ref","v":0},"__proto__":1}']);
    const { stdout } = await coflux("runs result Rbcdfghj");
    expect(stdout).toBe(`{"large":${JSON.stringify({ $: "ref", v: reference })},"__proto__":1}\n`);
  });

  test("a result that is too large to print is refused with its address", async () => {
    const key = "0".repeat(64);
    const value = { $: "blob", v: { key, size: RESULT_LIMIT_BYTES + 1 } };
    api().answer(`GET ${E}/runs/Rbcdfghj/result`, [200, { status: "succeeded", value }]);
    const { code, stdout, stderr } = await coflux("runs result Rbcdfghj");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("the result of run Rbcdfghj takes 128 MiB");
    expect(stderr).toContain(`curl -o result.json ${api().url}${E}/blobs/${key}`);
  });

  test("a large result stays off a terminal, with the way into a file", async () => {
    const { output, written } = captureOutput({ columns: 80, rows: 24 });
    const place = { url: api().url, project: "default", environment: "development", token: null };
    const context = { api: createApi(place), output, command: (words: string) => `coflux ${words}` };
    const value = { $: "blob", v: { key: "0".repeat(64), size: RESULT_ON_TERMINAL_BYTES + 1 } };
    await printResult(context, "Rbcdfghj", value);
    expect(written.out).toBe("");
    expect(written.err).toContain("coflux runs result Rbcdfghj > result.json");
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
    api().answer(`GET ${E}/runs/Rbcdfghj/logs`, [200, { logs: [log(1, "row {row}", { row: 7 })], cursor: "c1" }]);
    expect(await coflux("logs Rbcdfghj:2:1 --level warn")).toEqual({
      code: 0,
      stdout: "2026-11-01T10:00:00.001Z info   Rbcdfghj:2:1 row 7\n",
      stderr: "",
    });
    expect(api().requests[0]?.query).toEqual({ step: "2", attempt: "1", level: "warn", limit: "1000" });
    expect(JSON.parse((await coflux("logs Rbcdfghj --json")).stdout)).toMatchObject({ cursor: "c1", logs: [{}] });
  });

  test("that have no lines say so, and of a step or an attempt that is not there that it is not there", async () => {
    api().answer(`GET ${E}/runs/Rbcdfghj/logs`, [200, { logs: [], cursor: null }]);
    api().answer(`GET ${E}/runs/Rbcdfghj`, [200, run([step(1, "greet", null)])]);
    const nothing = { code: 0, stdout: "", stderr: "Rbcdfghj:1:1 has no lines of log\n" };
    expect(await coflux("logs Rbcdfghj:1:1")).toEqual(nothing);
    for (const [id, message] of [
      ["Rbcdfghj:9", "run Rbcdfghj has no step 9"],
      ["Rbcdfghj:1:7", "run Rbcdfghj has no attempt 7 at step 1"],
    ] as const) {
      expect(await coflux(`logs ${id}`)).toMatchObject({ code: 3, stderr: expect.stringContaining(message) });
    }
  });

  test("are followed until the run is final, one JSON value on each line", async () => {
    let looks = 0;
    api().answer(`GET ${E}/runs/Rbcdfghj/logs`, ({ query }) => {
      looks += 1;
      const isNew = query["after"] !== `c${looks}`;
      return [200, { logs: isNew ? [log(looks, "line")] : [], cursor: isNew ? `c${looks}` : null }];
    });
    let asked = 0;
    api().answer(`GET ${E}/runs/Rbcdfghj/result`, () => {
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
