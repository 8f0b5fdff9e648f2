import { describe, expect, test } from "vitest";
import { E, apiError } from "../support/scripted-api.ts";
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
