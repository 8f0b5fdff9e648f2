import { afterEach, beforeEach, expect, test } from "vitest";
import type { WebSocket } from "ws";
import { createApi } from "../../src/cli/api/api.ts";
import { tellRuns } from "../../src/cli/commands/tell-runs.ts";
import type { RunStatus, RunSummaryView } from "../../src/protocol/views.ts";
import { eventually } from "../support/eventually.ts";
import { queued, run, step } from "./run-tree/views.ts";
import { captureOutput } from "./captured-output.ts";
import { E, type ScriptedApi, startScriptedApi } from "../support/scripted-api.ts";

// What `coflux dev` says of runs, from the live views of a scripted server.

let api: ScriptedApi;
let stop = (): void => undefined;
beforeEach(async () => {
  api = await startScriptedApi();
});
afterEach(async () => {
  stop();
  await api.close();
});

/** Tells of repository `flows`; what it has written so far, without the moments of log lines. */
function tell(): () => string[] {
  const { output, written } = captureOutput();
  const place = { url: api.url, project: "default", environment: "development", token: null };
  stop = tellRuns({ api: createApi(place), output, command: (words) => `coflux ${words}` }, ["flows"]);
  return () => (written.out + written.err).split("\n").map((line) => line.replace(/\d\d:\d\d:\d\d\.\d{3} /, ""));
}

const soon = Date.now() + 60_000; // Whatever begins now has begun after the telling did.

function summary(id: string, target: string, status: RunStatus, createdAt = soon): RunSummaryView {
  const completedAt = status === "running" || status === "queued" ? null : createdAt + 300;
  return { id, target, status, createdAt, completedAt, parent: null };
}

const line = (sequence: number) => ({
  executionId: "Rbcdfghj:1:1",
  sequence,
  timestamp: soon,
  level: "info",
  template: `line ${sequence}`,
  values: {},
});

const show = (socket: WebSocket, number: number, value: object): void =>
  socket.send(JSON.stringify(["value", number, 1, value]));

test("a run is told once from its start to its end, also when the connection breaks in between", async () => {
  const error = { type: "TypeError", message: "bad row", stack: "", frames: [] };
  api.answer(`GET ${E}/runs/Rbcdfghj/result`, [200, { status: "failed", error }]);
  const sockets: WebSocket[] = [];
  api.onTopic((socket, topic, number) => {
    if (!sockets.includes(socket)) sockets.push(socket);
    const isFirst = sockets.length === 1;
    const greeting = summary("Rbcdfghj", "flows/greet", isFirst ? "running" : "failed");
    const others = [summary("Rbefore", "flows/greet", "succeeded", 0), summary("Rother", "mail/send", "running")];
    if (topic === "runs") show(socket, number, { runs: [greeting, ...others], cursor: null });
    else show(socket, number, { logs: isFirst ? [line(1)] : [line(1), line(2)], cursor: "2" });
    if (isFirst && topic === "logs/Rbcdfghj") socket.close(1012);
  });
  const told = tell();
  await eventually("its end is told", async () => told().includes("  coflux runs show Rbcdfghj"));
  expect(told()).toEqual([
    "◐ flows/greet Rbcdfghj started",
    "  info   Rbcdfghj:1:1 line 1",
    "  info   Rbcdfghj:1:1 line 2",
    "✗ flows/greet Rbcdfghj failed in 0.3s: TypeError: bad row",
    "  coflux runs show Rbcdfghj",
    "",
  ]);
});

test.each([
  [{ status: "abandoned", reason: "its agent went away" }, "✗", "abandoned in 0.3s: its agent went away"],
  [{ status: "timed_out" }, "✗", "timed out in 0.3s"],
  [{ status: "cancelled" }, "⊘", "cancelled in 0.3s"],
] as const)("how a run ended is told once: %j", async (result, mark, end) => {
  api.answer(`GET ${E}/runs/Rbcdfghj/result`, [200, result]);
  api.onTopic((socket, topic, number) => {
    if (topic === "runs")
      show(socket, number, { runs: [summary("Rbcdfghj", "flows/greet", result.status)], cursor: null });
  });
  const told = tell();
  await eventually("its end is told", async () => told().includes("  coflux runs show Rbcdfghj"));
  expect(told()).toContain(`${mark} flows/greet Rbcdfghj ${end}`);
});

test("a run that waits is told as queued, with what it waits for, and as started when it starts", async () => {
  const reason = { code: "environment_paused" } as const;
  const waiting = run([step(1, "greet", null, [{ ...queued, reason }])], { status: "queued" });
  api.answer(`GET ${E}/runs/Rbcdfghj`, [200, waiting]);
  const tellStatus: ((status: RunStatus) => void)[] = [];
  api.onTopic((socket, topic, number) => {
    if (topic !== "runs") return;
    tellStatus.push((status) =>
      show(socket, number, { runs: [summary("Rbcdfghj", "flows/greet", status)], cursor: null }),
    );
    tellStatus[0]?.("queued");
  });
  const told = tell();
  await eventually("it is told", async () => told().length > 1);
  expect(told()[0]).toBe("○ flows/greet Rbcdfghj queued: the environment is paused until it is resumed");
  for (const status of ["running", "queued", "running", "succeeded"] as const) tellStatus[0]?.(status); // A retry waits, too.
  await eventually("its end is told", async () => told().length > 3);
  expect(told().slice(1)).toEqual(["◐ flows/greet Rbcdfghj started", "✓ flows/greet Rbcdfghj succeeded in 0.3s", ""]);
});

test("a run that was run again took as long as it did this time", async () => {
  const [createdAt, again] = [soon - 900_000, soon - 2_000];
  const attempts = [
    { createdAt, completedAt: createdAt },
    { createdAt: again, completedAt: soon },
  ];
  api.answer(`GET ${E}/runs/Rbcdfghj`, [
    200,
    run([step(1, "greet", null, attempts)], { createdAt, completedAt: soon }),
  ]);
  api.onTopic((socket, topic, number) => {
    if (topic !== "runs") return;
    for (const status of ["succeeded", "running", "succeeded"] as const) {
      const completedAt = status === "running" ? null : soon;
      show(socket, number, {
        runs: [{ ...summary("Rbcdfghj", "flows/greet", status, createdAt), completedAt }],
        cursor: null,
      });
    }
  });
  const told = tell();
  await eventually("its end is told", async () => told().includes("✓ flows/greet Rbcdfghj succeeded in 2.0s"));
});

test("a run of which a step is run again starts again", async () => {
  api.onTopic((socket, topic, number) => {
    if (topic !== "runs") return;
    for (const status of ["succeeded", "running", "succeeded"] as const) {
      show(socket, number, { runs: [summary("Rbcdfghj", "flows/greet", status)], cursor: null });
    }
  });
  const told = tell();
  await eventually("both ends are told", async () => told().filter((text) => text.startsWith("✓")).length === 2);
  expect(told().filter((text) => text.endsWith("started"))).toHaveLength(2);
});
