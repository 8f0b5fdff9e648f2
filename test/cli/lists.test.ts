import { describe, expect, test } from "vitest";
import { E } from "../support/scripted-api.ts";
import { useCommandLine } from "./command-rig.ts";
import { repositories } from "./manifest.ts";
import { startedAt } from "./run-tree/views.ts";

// Lists: a table for people, JSON for programs, ids for scripts.

const { api, coflux } = useCommandLine();

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
    api().answer(route, [200, body]);
    expect(await coflux(words)).toEqual({ code: 0, stdout: table, stderr: "" });
  });

  test.each(cases)("%s --json is the answer of the API", async (words, route, body) => {
    api().answer(route, [200, body]);
    const { stdout, stderr } = await coflux(`${words} --json`);
    expect([JSON.parse(stdout), stderr]).toEqual([body, ""]);
  });

  test.each(cases)("%s -q prints ids", async (words, route, body, _table, ids) => {
    api().answer(route, [200, body]);
    expect(await coflux(`-q ${words}`)).toEqual({ code: 0, stdout: ids, stderr: "" });
  });

  test("that is empty says so on stderr", async () => {
    api().answer(`GET ${E}/runs`, [200, { runs: [], cursor: null }]);
    expect(await coflux("runs list --status failed")).toEqual({
      code: 0,
      stdout: "",
      stderr: "no runs like that in development\n",
    });
    expect(api().requests[0]?.query).toEqual({ status: "failed", limit: "20" });
  });
});

test("ps shows each process, and what is not known as a dash", async () => {
  const now = Date.now();
  const process = {
    state: "ready",
    progress: null,
    unresponsive: false,
    restarts: 0,
    cpuPercent: 1.234,
    eventLoopLagMs: 0.6,
    rssBytes: 73_400_320,
    startedAt: now - 60_000,
    lastExit: null,
  };
  const lastExit = { at: startedAt, code: null, signal: "SIGKILL", reason: "killed from outside" };
  api().answer("GET /api/processes", [
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
          progress: null,
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

test("runs list finds a target by its name, and runs of one that agents no longer have by its path", async () => {
  api().answer(`GET ${E}/repositories`, [200, repositories]);
  api().answer(`GET ${E}/runs`, ({ query }) => [
    200,
    { runs: query["target"] === "flows/greet" ? [one] : [], cursor: null },
  ]);
  const one = {
    id: "Rbcdfghj",
    target: "flows/greet",
    status: "queued",
    createdAt: 0,
    completedAt: null,
    parent: null,
  };
  expect(await coflux("runs list -q --target greet")).toMatchObject({ code: 0, stdout: "Rbcdfghj\n" });
  expect(await coflux("runs list -q --target flows/gre")).toMatchObject({ code: 0, stdout: "Rbcdfghj\n" });
  api().answer(`GET ${E}`, [200, { state: "active" }]);
  expect(await coflux("runs list --target flows/gone")).toMatchObject({ code: 3 });
});
