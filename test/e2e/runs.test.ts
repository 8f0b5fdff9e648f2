import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunListView } from "../../src/protocol/views.ts";
import { eventually } from "../support/eventually.ts";
import {
  type TestAgent,
  type TestServer,
  environmentPath,
  resultOf,
  startAgent,
  startRun,
  startServer,
  viewOf,
} from "../support/server.ts";
import { temporaryDirectory } from "../support/temporary.ts";

let server: TestServer;
let agent: TestAgent;
let temporary: Awaited<ReturnType<typeof temporaryDirectory>>;
const path = (name: string): string => `${temporary.path}/${name}`;
const linesOf = async (name: string): Promise<string[]> =>
  (await readFile(path(name), "utf8").catch(() => "")).split("\n").filter((line) => line !== "");

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

const run = async (target: string, ...values: unknown[]): Promise<Record<string, unknown>> =>
  await resultOf(server, await startRun(server, target, values));

test.each([
  ["an empty workflow gives null", "empty", [], null],
  ["a task is called and its result comes back", "sum", [2, 3], 5],
  ["a chain of 50 calls runs one after the other", "chain", [50], 50],
  ["a thousand calls in parallel all come back", "fanOut", [1000], 500_500],
  ["tasks that call tasks nest", "nested", [20], 20],
  ["a workflow called from a workflow is a run of its own", "outer", [1, 2], 30],
  ["a handle is an argument", "handles", [], 4],
  ["a failing execution is retried until it succeeds", "retried", [3], 3],
  ["RetryAfterError asks for a retry", "retriedAfter", [], 2],
  ["a value of 100,000 characters reaches the task it is passed to", "passesLarge", [100_000], 100_000],
])("%s", async (_sentence, target, values, expected) => {
  expect(await run(target, ...values)).toMatchObject({ status: "succeeded", value: expected });
});

test("a handle that a run returns names an execution, which can be followed", async () => {
  const id = await startRun(server, "returnsHandle");
  const reference = { kind: "execution", id: `${id}:2:1`, target: "flows/add" };
  expect(await resultOf(server, id)).toEqual({ status: "succeeded", value: { $: "ref", v: reference } });
  await eventually("the execution has ended", async () => {
    const execution = (await viewOf(server, id)).steps[1]?.executions[0];
    return execution?.id === reference.id && execution.result?.status === "succeeded" && execution.result.value === 42;
  });
});

test("a handle that another run returned is followed in code", async () => {
  const result = await run("followsHandle");
  expect(result).toEqual({ status: "succeeded", value: { id: expect.stringMatching(/^R\w+:2:1$/), result: 42 } });
});

test("a result of 100,000 characters is a blob, whose bytes are its JSON", async () => {
  const result = await run("large", 100_000);
  const text = JSON.stringify("x".repeat(100_000));
  const key = createHash("sha256").update(text).digest("hex");
  expect(result).toEqual({ status: "succeeded", value: { $: "blob", v: { key, size: text.length } } });
  expect((await server.api("GET", `${environmentPath()}/blobs/${key}`)).body).toBe("x".repeat(100_000));
});

test("every call is a step with its execution, its parent and its result", async () => {
  const id = await startRun(server, "sum", [2, 3]);
  await resultOf(server, id);
  const view = await viewOf(server, id);
  expect(view).toMatchObject({ id, status: "succeeded", target: "flows/sum", parent: null });
  expect(view.steps.map(({ id: step, target, type, parentId }) => [step, target, type, parentId])).toEqual([
    [`${id}:1`, "flows/sum", "workflow", null],
    [`${id}:2`, "flows/add", "task", `${id}:1:1`],
  ]);
  expect(view.steps[0]?.executions[0]).toMatchObject({
    children: [`${id}:2:1`],
    dependencies: [`${id}:2:1`],
    status: "succeeded",
  });
  expect(view.steps[1]?.executions[0]).toMatchObject({ attempt: 1, result: { status: "succeeded", value: 5 } });
});

test("a failure carries type, message and frames in the source", async () => {
  const result = await run("failing", "deliberately");
  expect(result).toMatchObject({ status: "failed", error: { message: "deliberately" } });
  const id = await startRun(server, "failing", ["deliberately"]);
  await resultOf(server, id);
  const step = (await viewOf(server, id)).steps[1]?.executions[0]?.result;
  expect(step).toMatchObject({ status: "failed", error: { type: "Broken", message: "deliberately" } });
  const frames = step?.status === "failed" ? step.error.frames : [];
  expect(frames[0]).toMatchObject({
    function: expect.stringContaining("brokenAt"),
    line: 7,
    code: "throw new Broken(message);",
    inApp: true,
  });
  expect(frames[0]?.file).toMatch(/test\/e2e\/broken\.ts$/);
});

test("a caller can catch the error of a task", async () => {
  expect(await run("caught", "oh")).toMatchObject({ value: { type: "Broken", message: "oh", isError: true } });
});

test("retries are attempts of one step, and the caller sees only the last", async () => {
  const id = await startRun(server, "retried", [9, path("flaky")]);
  expect(await resultOf(server, id)).toMatchObject({ status: "failed" });
  const executions = (await viewOf(server, id)).steps[1]?.executions ?? [];
  expect(executions.map(({ attempt, status }) => [attempt, status])).toEqual(
    [1, 2, 3, 4].map((attempt) => [attempt, "failed"]),
  );
  expect(await linesOf("flaky")).toEqual([1, 2, 3, 4].map((attempt) => `${id}:2:${attempt}`));
});

test("NonRetryableError is not retried", async () => {
  const id = await startRun(server, "notRetried");
  await resultOf(server, id);
  expect((await viewOf(server, id)).steps[1]?.executions).toHaveLength(1);
});

test("a step that ran is run again by hand, and the run's result follows", async () => {
  const id = await startRun(server, "sum", [4, 5]);
  await resultOf(server, id);
  const { status, body } = await server.api(
    "POST",
    `${environmentPath()}/steps/${encodeURIComponent(`${id}:1`)}/rerun`,
  );
  expect([status, body]).toEqual([201, { executionId: `${id}:1:2`, attempt: 2 }]);
  expect(await resultOf(server, id)).toMatchObject({ status: "succeeded", value: 9 });
  expect((await viewOf(server, id)).steps[0]?.executions).toHaveLength(2);
});

test("a step is run again while its caller waits for it, which gets what the new attempt returns", async () => {
  const id = await startRun(server, "waker", [path("rerun")]);
  await eventually("the first attempt sleeps", async () => (await linesOf("rerun")).length === 1);
  const step = encodeURIComponent(`${id}:2`);
  const { body } = await server.api("POST", `${environmentPath()}/steps/${step}/rerun`);
  expect(body).toEqual({ executionId: `${id}:2:2`, attempt: 2 });
  expect(await resultOf(server, id)).toEqual({ status: "succeeded", value: "awake" });
  const statuses = (await viewOf(server, id)).steps.map(({ executions }) => executions.map(({ status }) => status));
  expect(statuses).toEqual([["succeeded"], ["cancelled", "succeeded"]]);
});

test("cancelling a run aborts what runs in it, and changes nothing afterwards", async () => {
  const id = await startRun(server, "sleepers", [path("cancelled"), 3]);
  await eventually("all three sleep", async () => (await linesOf("cancelled")).length === 3);
  const cancel = async (): Promise<number> =>
    (await server.api("POST", `${environmentPath()}/runs/${id}/cancel`)).status;
  expect(await cancel()).toBe(204);
  expect(await resultOf(server, id)).toEqual({ status: "cancelled" });
  await eventually("all three were aborted", async () => (await linesOf("cancelled")).length === 6);
  expect(await cancel()).toBe(204);
  const view = await viewOf(server, id);
  expect(view.steps.flatMap((step) => step.executions.map((execution) => execution.status))).toEqual(
    Array(4).fill("cancelled"),
  );
});

test("an execution cancels another from code", async () => {
  expect(await run("cancelsOne", path("one"))).toMatchObject({ status: "succeeded", value: "ExecutionCancelled" });
});

test("a timeout ends an execution and aborts its signal", async () => {
  const id = await startRun(server, "timesOut", [path("slow")]);
  await resultOf(server, id);
  expect((await viewOf(server, id)).steps[1]?.executions[0]?.status).toBe("timed_out");
  await eventually("the signal aborted", async () => (await linesOf("slow")).length === 2);
});

test("a delayed run waits with its reason until it is due", async () => {
  const id = await startRun(server, "sum", [1, 1], { delayMs: 3_600_000 });
  const execution = (await viewOf(server, id)).steps[0]?.executions[0];
  expect(execution).toMatchObject({ status: "queued", reason: { code: "delayed", until: execution?.executeAfter } });
  await server.api("POST", `${environmentPath()}/runs/${id}/cancel`);
});

test("a short delay passes and the run goes on", async () => {
  const id = await startRun(server, "sum", [1, 1], { delayMs: 200 });
  expect(await resultOf(server, id)).toMatchObject({ value: 2 });
  const execution = (await viewOf(server, id)).steps[0]?.executions[0];
  expect(execution?.assignedAt).toBeGreaterThanOrEqual(execution?.executeAfter ?? Infinity);
});

test("an idempotency key starts one run, however often and concurrently it is used", async () => {
  const submit = async (values: unknown[]) =>
    await server.api<{ runId: string }>("POST", `${environmentPath()}/runs`, {
      target: "flows/sum",
      arguments: values,
      idempotencyKey: "k1",
    });
  const answers = await Promise.all(Array.from({ length: 5 }, () => submit([1, 2])));
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 200, 200, 201]);
  expect(new Set(answers.map(({ body }) => body.runId)).size).toBe(1);
  expect(await submit([1, 3])).toMatchObject({ status: 409, body: { error: { code: "idempotency_mismatch" } } });
});

test("a paused environment starts nothing, says why, and goes on when it is resumed", async () => {
  await server.api("POST", `${environmentPath()}/pause`);
  const id = await startRun(server, "sum", [3, 4]);
  expect((await viewOf(server, id)).steps[0]?.executions[0]).toMatchObject({
    status: "queued",
    reason: { code: "environment_paused" },
  });
  await server.api("POST", `${environmentPath()}/resume`);
  expect(await resultOf(server, id)).toMatchObject({ value: 7 });
});

test("logs, console and raw output of an execution are kept in order", async () => {
  const id = await startRun(server, "chatty", [3]);
  await resultOf(server, id);
  const logs = await eventually("all lines arrived", async () => {
    const { body } = await server.api<{ logs: { level: string; template: string; values: object }[] }>(
      "GET",
      `${environmentPath()}/runs/${id}/logs`,
    );
    return body.logs.length === 6 ? body.logs : undefined;
  });
  expect(logs.map(({ level, template }) => [level, template])).toEqual([
    ["info", "line {line}"],
    ["info", "line {line}"],
    ["info", "line {line}"],
    ["stdout", "printed"],
    ["stderr", "complained"],
    ["stdout", "written"],
  ]);
  expect(logs[1]?.values).toEqual({ line: 2 });
});

test("isolation gives an execution a process of its own", async () => {
  const pids = await Promise.all([run("where"), run("where")]);
  expect(new Set(pids.map(({ value }) => value)).size).toBe(2);
});

test("process.exit in user code abandons the execution with the reason and nothing else", async () => {
  const id = await startRun(server, "exiting", [3]);
  await resultOf(server, id);
  const result = (await viewOf(server, id)).steps[1]?.executions[0]?.result;
  expect(result).toMatchObject({ status: "abandoned", reason: expect.stringContaining("3") });
  expect(await run("sum", 1, 1)).toMatchObject({ value: 2 });
});

test("the list of runs is newest first, filtered and paged", async () => {
  const list = async (query: string): Promise<RunListView> =>
    (await server.api<RunListView>("GET", `${environmentPath()}/runs?${query}`)).body;
  const started: string[] = [];
  for (const target of ["sum", "sum", "failing", "sum", "sum"])
    started.unshift(await startRun(server, target, target === "sum" ? [1, 2] : ["deliberately"]));
  const failed = started[2] ?? "";
  const sums = started.filter((id) => id !== failed);
  await Promise.all(started.map((id) => resultOf(server, id)));

  const first = await list("limit=2&target=flows/sum");
  const second = await list(`limit=2&target=flows/sum&cursor=${encodeURIComponent(first.cursor ?? "")}`);
  expect([first, second].map(({ runs }) => runs.map(({ id, target }) => [id, target]))).toEqual([
    sums.slice(0, 2).map((id) => [id, "flows/sum"]),
    sums.slice(2).map((id) => [id, "flows/sum"]),
  ]);
  expect((await list("limit=5")).runs.map(({ id }) => id)).toEqual(started);

  expect((await list("status=succeeded&limit=4")).runs.map(({ id }) => id)).toEqual(sums);
  const ofFailed = (await list("status=failed")).runs;
  expect(ofFailed[0]?.id).toBe(failed);
  expect(new Set(ofFailed.map(({ status }) => status))).toEqual(new Set(["failed"]));
});

test("a known workflow without an agent is accepted and waits with its reason", async () => {
  const other = await startAgent(server, { repositories: [`other=test/e2e/flows.ts`] });
  await other.stop();
  const { body } = await server.api<{ runId: string }>("POST", `${environmentPath()}/runs`, { target: "other/empty" });
  expect((await viewOf(server, body.runId)).steps[0]?.executions[0]).toMatchObject({
    reason: { code: "no_agent", target: "other/empty" },
  });
});
