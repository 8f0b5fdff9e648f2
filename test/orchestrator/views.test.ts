import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Command } from "../../src/orchestrator/command.ts";
import type { Executed } from "../../src/orchestrator/engine.ts";
import { runText } from "../../src/orchestrator/json-text.ts";
import { answerRead } from "../../src/orchestrator/views/answer-read.ts";
import type { RunFilter } from "../../src/orchestrator/views/run-list.ts";
import { runResult } from "../../src/orchestrator/views/run-result.ts";
import { shownWhole } from "../../src/orchestrator/views/run-view.ts";
import { createSubscriptions } from "../../src/orchestrator/views/subscriptions.ts";
import { ViewTooCostly } from "../../src/orchestrator/views/view-budget.ts";
import { type ViewLimits, type Views, createViews } from "../../src/orchestrator/views/views.ts";
import { type TargetOptions, noOptions } from "../../src/protocol/manifest.ts";
import type { Outcome } from "../../src/protocol/outcome.ts";
import type { Value } from "../../src/protocol/values.ts";
import type { RunView } from "../../src/protocol/views.ts";
import { type EngineUnderTest, openEngine } from "./open-engine.ts";

let under: EngineUnderTest;
let now: number;
let session: string;
beforeEach(() => {
  under = openEngine();
  now = 1_000_000;
  const [opened] = send({ kind: "open-session", agent: { pid: 7, host: "box", version: "1", node: "20" } });
  session = opened?.ok === true && opened.value !== null && "session" in opened.value ? opened.value.session : "";
  send(
    declaration({
      main: {},
      other: {},
      limited: { timeoutMs: 1_000 },
      patient: { delayMs: 5_000 },
      task: {},
      flaky: { retries: once },
    }),
  );
});
afterEach(() => under.close());

const once = { limit: 1, backoffMinMs: 2_000, backoffMaxMs: 2_000 };

function declaration(targets: Readonly<Record<string, Partial<TargetOptions>>>, concurrency = 100): Command {
  const definitions = Object.entries(targets).map(([name, options]) => ({
    name,
    type: name === "task" || name === "flaky" ? ("task" as const) : ("workflow" as const),
    description: `does ${name}`,
    parameters: [{ name: "values", isOptional: true, isRest: true }],
    options: { ...noOptions, ...options },
  }));
  const repositories = [{ name: "flows", version: "v1", targets: definitions }];
  return { kind: "declare", session, concurrency, provides: { gpu: ["a100"] }, repositories };
}

function send(...commands: readonly Command[]): Executed["verdicts"] {
  const { verdicts } = under.engine.execute(commands, now);
  for (const verdict of verdicts) if (!verdict.ok) throw new Error(verdict.error.message);
  expect(under.bugs).toEqual([]);
  return verdicts;
}

const inline = (data: string): Value => ({ kind: "inline", data, references: [] });

function start(target = "main", values: readonly Value[] = [], idempotencyKey: string | null = null): string {
  const [started] = send({
    kind: "start-run",
    target: `flows/${target}`,
    arguments: values,
    options: null,
    idempotencyKey,
  });
  if (started?.ok !== true || started.value === null || !("runId" in started.value)) throw new Error("not started");
  return started.value.runId;
}

const call = (caller: string, request: number, target: string, isAwaited = true): Command => ({
  kind: "submit-call",
  session,
  caller,
  request,
  target: `flows/${target}`,
  arguments: [],
  options: null,
  isAwaited,
});

const report = (execution: string, outcome: Outcome): Command => ({
  kind: "report-outcome",
  session,
  execution,
  outcome,
  mayRetry: true,
  retryAfterMs: null,
  hasStopped: true,
});

const succeed = (execution: string, data = "null"): Command =>
  report(execution, { kind: "succeeded", value: inline(data) });

function fail(execution: string): Command {
  const error = { type: "TypeError", message: "no", stack: "at f", frames: [], value: null, cause: null, errors: null };
  return report(execution, { kind: "failed", error: { ...error, cause: { ...error, value: inline('{"code":1}') } } });
}

function views(limits: Partial<ViewLimits> = {}, monotonic: () => number = () => 0): Views {
  const clock = { now: () => now, monotonic };
  const defaults = {
    timeMs: 5_000,
    runCharacters: 1_000_000,
    runPageSteps: 3,
    runPageAttempts: 1_000,
    waitingPerSession: 10_000,
  };
  return createViews(under.db, clock, { ...defaults, ...limits });
}

function show(run: string, limits: Partial<ViewLimits> = {}): RunView {
  const view = views(limits).run(run, shownWhole);
  if (view === undefined) throw new Error("no such run");
  return view;
}

describe("the view of a run", () => {
  test("shows every step and attempt with what it was called with, by whom, and how it ended", () => {
    const run = start("main", [inline('{"a":[1,null]}'), inline('"x"')], "key-1");
    now += 10;
    send(call(`${run}:1:1`, 1, "task"));
    now += 10;
    send(succeed(`${run}:2:1`, "[7]"));
    expect(show(run)).toEqual({
      id: run,
      target: "flows/main",
      status: "running",
      createdAt: 1_000_000,
      completedAt: null,
      parent: null,
      idempotencyKey: "key-1",
      steps: [
        {
          id: `${run}:1`,
          target: "flows/main",
          type: "workflow",
          parentId: null,
          createdAt: 1_000_000,
          arguments: [{ a: [1, null] }, "x"],
          executions: [
            {
              id: `${run}:1:1`,
              attempt: 1,
              status: "assigned",
              createdAt: 1_000_000,
              executeAfter: null,
              assignedAt: 1_000_000,
              completedAt: null,
              sessionId: session,
              result: null,
              children: [`${run}:2:1`],
              dependencies: [`${run}:2:1`],
              reason: null,
              ignored: [],
            },
          ],
        },
        {
          id: `${run}:2`,
          target: "flows/task",
          type: "task",
          parentId: `${run}:1:1`,
          createdAt: 1_000_010,
          arguments: [],
          executions: [
            {
              id: `${run}:2:1`,
              attempt: 1,
              status: "succeeded",
              createdAt: 1_000_010,
              executeAfter: null,
              assignedAt: 1_000_010,
              completedAt: 1_000_020,
              sessionId: session,
              result: { status: "succeeded", value: [7] },
              children: [],
              dependencies: [],
              reason: null,
              ignored: [],
            },
          ],
        },
      ],
    });
  });

  test("shows a retry, what came before it, and until when it waits", () => {
    const run = start();
    send(call(`${run}:1:1`, 1, "flaky"));
    send(fail(`${run}:2:1`));
    const [, step] = show(run).steps;
    const [first, second] = step?.executions ?? [];
    expect(first?.result).toMatchObject({
      status: "failed",
      retry: `${run}:2:2`,
      error: { type: "TypeError", message: "no", cause: { value: { code: 1 } } },
    });
    expect(first?.result).not.toHaveProperty("error.value");
    expect(second).toMatchObject({
      attempt: 2,
      status: "queued",
      executeAfter: now + 2_000,
      reason: { code: "retry_backoff", until: now + 2_000 },
    });
  });

  test("shows a workflow that was called as a run of its own, from both sides", () => {
    const run = start();
    send(call(`${run}:1:1`, 1, "other"));
    const [, step] = show(run).steps;
    const result = step?.executions[0]?.result;
    if (result?.status !== "spawned") throw new Error(`it is ${result?.status}`);
    const inner = result.execution.split(":")[0] ?? "";
    expect(show(inner)).toMatchObject({ id: inner, target: "flows/other", parent: `${run}:2:1` });
    expect(result.run).toEqual({ status: "running", completedAt: null });
    now += 5;
    send(fail(`${inner}:1:1`));
    expect(show(run).steps[1]?.executions[0]?.result).toMatchObject({ run: { status: "failed", completedAt: now } });
  });

  test("says why everything that does not run does not run", () => {
    const delayed = start("patient");
    const waiting = start();
    send(call(`${waiting}:1:1`, 1, "task"));
    const limited = start("limited");
    const reasonOf = (run: string) => show(run).steps[0]?.executions[0]?.reason;
    expect(reasonOf(waiting)).toEqual({ code: "waiting_for", executions: [`${waiting}:2:1`] });
    expect(reasonOf(limited)).toEqual({ code: "not_started", session });
    send({ kind: "report-started", session, execution: `${limited}:1:1` });
    expect(reasonOf(limited)).toBeNull();
    send({ kind: "disconnect-session", session });
    const stranded = start();
    expect(reasonOf(delayed)).toEqual({ code: "delayed", until: now + 5_000 });
    for (const run of [waiting, limited]) expect(reasonOf(run)).toEqual({ code: "agent_disconnected", session });
    expect(reasonOf(stranded)).toEqual({ code: "no_agent", target: "flows/main" });
  });

  test("keeps what was reported too late", () => {
    const run = start();
    send({ kind: "cancel-run", run });
    now += 5;
    send(succeed(`${run}:1:1`, "1"));
    expect(show(run).steps[0]?.executions[0]).toMatchObject({
      status: "cancelled",
      result: { status: "cancelled" },
      ignored: [{ status: "succeeded", at: now }],
    });
  });

  test("names children in the order of the calls and holds together over any number of pages", () => {
    const run = start();
    send(...[5, 3, 4, 1, 2].map((request) => call(`${run}:1:1`, request, "task", false)));
    const whole = show(run, { runPageSteps: 100 });
    expect(whole.steps[0]?.executions[0]?.children).toEqual([5, 6, 3, 4, 2].map((number) => `${run}:${number}:1`));
    for (const runPageSteps of [1, 2, 3, 6, 7]) expect(show(run, { runPageSteps })).toEqual(whole);
  });

  test("is written page by page into the same as all at once, however many steps there are", () => {
    const run = start("main", [inline('"ä"')], "key");
    for (let steps = 1; steps <= 40; steps++) {
      const text = Buffer.concat(views({ runPageSteps: 17 }).run(run, runText) ?? []).toString();
      expect(JSON.parse(text)).toEqual(show(run, { runPageSteps: 100 }));
      send(call(`${run}:1:1`, steps, "task", false));
    }
  });

  test("leaves out what is too large for it, and says how large it is", () => {
    const long = `"${"x".repeat(998)}"`;
    const run = start("main", [inline(long)]);
    send(call(`${run}:1:1`, 1, "task"), call(`${run}:1:1`, 2, "task"));
    send(succeed(`${run}:2:1`, long));
    send(fail(`${run}:3:1`));
    for (const runPageSteps of [1, 100]) {
      const [root, first, second] = show(run, { runCharacters: 1_010, runPageSteps }).steps;
      expect(root?.arguments).toEqual(["x".repeat(998)]);
      expect(first?.executions[0]?.result).toEqual({
        status: "succeeded",
        value: { $: "omitted", v: { characters: 1_000 } },
      });
      expect(second?.executions[0]?.result).toMatchObject({ status: "failed", error: { type: "Error" } });
    }
    const [root] = show(run, { runCharacters: 0 }).steps;
    expect(root?.arguments).toMatchObject([{ $: "omitted" }]);
  });

  test("is given up when it takes too long, and leaves nothing open", () => {
    const run = start();
    let time = 0;
    const slow = views({ timeMs: 100 }, () => (time += 60));
    expect(() => slow.run(run, shownWhole)).toThrow(ViewTooCostly);
    send({ kind: "pause" });
  });

  test("is shown live only up to a number of steps", () => {
    const run = start();
    const subscriptions = createSubscriptions(views(), { runSteps: 1, runs: 1, logs: 1, logsKept: 1 });
    expect(subscriptions.next(1, `run/${run}`)).toMatchObject({ kind: "value", version: 1 });
    send(call(`${run}:1:1`, 1, "task", false));
    expect(() => subscriptions.next(1, `run/${run}`)).toThrow(ViewTooCostly);
  });

  test("is given up, and shown live no more, when a step was tried too often", () => {
    const run = start();
    const subscriptions = createSubscriptions(views(), { runSteps: 4, runs: 1, logs: 1, logsKept: 1 });
    for (let attempt = 2; attempt <= 4; attempt++) send({ kind: "rerun-step", step: `${run}:1` });
    expect(show(run, { runPageAttempts: 4 }).steps[0]?.executions).toHaveLength(4);
    expect(subscriptions.next(1, `run/${run}`)).toMatchObject({ kind: "value", version: 1 });
    send({ kind: "rerun-step", step: `${run}:1` });
    expect(() => show(run, { runPageAttempts: 4 })).toThrow(ViewTooCostly);
    expect(() => subscriptions.next(1, `run/${run}`)).toThrow(ViewTooCostly);
  });

  test("shows a value that is none as left out: what agents send is not looked at before", () => {
    const run = start("main", [inline("{not json")]);
    send(succeed(`${run}:1:1`, "also not"));
    expect(show(run).steps[0]).toMatchObject({
      arguments: [{ $: "omitted", v: { characters: 9 } }],
      executions: [{ result: { value: { $: "omitted", v: { characters: 8 } } } }],
    });
  });
});

describe("the result of a run", () => {
  test.each<[string, (execution: string) => Command, unknown]>([
    ["a value", (id) => succeed(id, '{"a":1}'), { status: "succeeded", value: { a: 1 } }],
    [
      "an error",
      fail,
      {
        status: "failed",
        error: { type: "TypeError", message: "no", stack: "at f", frames: [], cause: expect.anything() },
      },
    ],
    [
      "abandoned",
      (id) => report(id, { kind: "abandoned", reason: "it crashed" }),
      { status: "abandoned", reason: "it crashed" },
    ],
    ["a time-out", (id) => report(id, { kind: "timed_out" }), { status: "timed_out" }],
    ["cancelled", () => ({ kind: "cancel-run", run: "" }), { status: "cancelled" }],
  ])("is %s", (_, end, result) => {
    const run = start();
    expect(runResult(under.db, run)).toEqual({ status: "pending" });
    const command = end(`${run}:1:1`);
    send(command.kind === "cancel-run" ? { ...command, run } : command);
    expect(runResult(under.db, run)).toEqual(result);
  });

  test("is that of its last attempt, and pending while that one runs", () => {
    const run = start();
    send(succeed(`${run}:1:1`, "1"));
    send({ kind: "rerun-step", step: `${run}:1` });
    expect(runResult(under.db, run)).toEqual({ status: "pending" });
    send(succeed(`${run}:1:2`, "2"));
    expect(runResult(under.db, run)).toEqual({ status: "succeeded", value: 2 });
  });

  test("shows references where they stand", () => {
    const run = start();
    const reference = { kind: "execution", id: "Rbcdfghjk:1:1", target: "flows/main" } as const;
    const value: Value = { kind: "inline", data: '[{"$":"ref","v":0}]', references: [reference] };
    send(report(`${run}:1:1`, { kind: "succeeded", value }));
    expect(runResult(under.db, run)).toEqual({ status: "succeeded", value: [{ $: "ref", v: reference }] });
  });

  test("of an unknown run is undefined", () => {
    expect(runResult(under.db, "Rbcdfghjk")).toBeUndefined();
  });
});

describe("the list of runs", () => {
  const filter: RunFilter = { status: null, target: null, limit: 100, before: null };

  test("has the newest first, and is read page by page without gap or repetition", () => {
    const started = Array.from({ length: 7 }, () => start()).toReversed();
    const seen: string[] = [];
    let before: number | null = null;
    let pages = 0;
    do {
      const page = views().runs({ ...filter, limit: 3, before });
      seen.push(...page.runs.map(({ id }) => id));
      before = page.cursor === null ? null : Number(page.cursor);
      pages += 1;
      if (pages === 1) start(); // A newer one moves nothing.
    } while (before !== null);
    expect([seen, pages]).toEqual([started, 3]);
  });

  test("is filtered by status and by target", () => {
    const [done, failed, running, other] = [start(), start(), start(), start("other")];
    send(succeed(`${done}:1:1`), fail(`${failed}:1:1`), succeed(`${other}:1:1`));
    const idsOf = (change: Partial<RunFilter>) =>
      views()
        .runs({ ...filter, ...change })
        .runs.map(({ id }) => id);
    expect(idsOf({ status: "succeeded" })).toEqual([other, done]);
    expect(idsOf({ status: "failed" })).toEqual([failed]);
    expect(idsOf({ status: "running" })).toEqual([running]);
    expect(idsOf({ target: "flows/other" })).toEqual([other]);
    expect(idsOf({ target: "flows/main", status: "succeeded" })).toEqual([done]);
    expect(idsOf({ target: "flows/none" })).toEqual([]);
    expect(idsOf({ status: "timed_out" })).toEqual([]);
  });

  test("refuses a cursor that it has not given", () => {
    const params = { status: null, target: null, limit: 1, cursor: "1 OR 1" };
    expect(answerRead(views(), { name: "list-runs", params })).toMatchObject({
      ok: false,
      error: { code: "invalid_request" },
    });
  });
});

describe("the logs of a run", () => {
  const all = { step: null, attempt: null, level: null, after: null, limit: 100 };

  function withLogs(): string {
    const run = start();
    send(call(`${run}:1:1`, 1, "task"));
    const entry = (execution: string, sequence: number, level: number) => ({
      execution,
      sequence,
      timestamp: 5,
      level,
      template: `${level} of {n}`,
      values: sequence === 1 ? '{"n":1}' : null,
    });
    const entries = [
      entry(`${run}:1:1`, 1, 0),
      entry(`${run}:2:1`, 1, 5),
      entry(`${run}:1:1`, 2, 4),
      entry(`${run}:2:1`, 2, 2),
    ];
    send({ kind: "record-logs", session, entries });
    return run;
  }

  test("come in the order of their arrival, with their values", () => {
    const run = withLogs();
    const page = views().logs(run, all);
    expect(page?.logs.map(({ executionId, sequence }) => [executionId, sequence])).toEqual([
      [`${run}:1:1`, 1],
      [`${run}:2:1`, 1],
      [`${run}:1:1`, 2],
      [`${run}:2:1`, 2],
    ]);
    expect(page?.logs[0]).toEqual({
      executionId: `${run}:1:1`,
      sequence: 1,
      timestamp: 5,
      level: "debug",
      template: "0 of {n}",
      values: { n: 1 },
    });
  });

  test.each([
    ["of one step", { step: 2 }, ["error", "info"]],
    ["of one attempt", { step: 2, attempt: 2 }, []],
    ["from a level on", { level: "warn" as const }, ["error", "warn"]],
  ])("may be only those %s", (_, filter, levels) => {
    const run = withLogs();
    expect(
      views()
        .logs(run, { ...all, ...filter })
        ?.logs.map(({ level }) => level),
    ).toEqual(levels);
  });

  test("are followed by the cursor: what comes later is found behind it, nothing twice", () => {
    const run = withLogs();
    const first = views().logs(run, { ...all, limit: 3 });
    const second = views().logs(run, { ...all, after: Number(first?.cursor) });
    expect(second?.logs).toHaveLength(1);
    const third = views().logs(run, { ...all, after: Number(second?.cursor) });
    expect(third).toEqual({ logs: [], cursor: second?.cursor });
    expect(views().logs(start(), all)).toEqual({ logs: [], cursor: null });
  });

  test("that a filter leaves out are behind the cursor too, once all were looked at", () => {
    const run = withLogs();
    const none = views().logs(run, { ...all, step: 2, attempt: 2 });
    expect(none).toEqual({ logs: [], cursor: views().logs(run, all)?.cursor });
    const first = views().logs(run, { ...all, level: "warn", limit: 1 });
    const second = views().logs(run, { ...all, level: "warn", after: Number(first?.cursor) });
    expect([first, second].map((page) => page?.logs.map(({ level }) => level))).toEqual([["error"], ["warn"]]);
  });

  test("with values that are no JSON object are shown without", () => {
    const run = start();
    const entries = ["[1]", "nonsense", "null"].map((values, index) => ({
      execution: `${run}:1:1`,
      sequence: index + 1,
      timestamp: 5,
      level: 2,
      template: "t",
      values,
    }));
    send({ kind: "record-logs", session, entries });
    expect(
      views()
        .logs(run, all)
        ?.logs.map(({ values }) => values),
    ).toEqual([{}, {}, {}]);
  });
});

describe("the environment", () => {
  test("shows its repositories as they were declared, and who hosts them now", () => {
    const [repository] = views().repositories().repositories;
    expect(repository).toMatchObject({ name: "flows", version: "v1", agents: [session] });
    expect(repository?.targets.find(({ name }) => name === "main")).toEqual({
      name: "main",
      type: "workflow",
      description: "does main",
      parameters: [{ name: "values", isOptional: true, isRest: true }],
      options: noOptions,
      agents: [session],
    });
    send({ kind: "disconnect-session", session });
    const [left] = views().repositories().repositories;
    expect([left, ...(left?.targets ?? [])].map((shown) => shown?.agents)).toEqual([[], [], [], [], [], [], []]);
  });

  test("shows what an older version of a repository still hosts beside what the latest one has", () => {
    const older = session;
    const [opened] = send({ kind: "open-session", agent: { pid: 8, host: "box", version: "1", node: "20" } });
    session = opened?.ok === true && opened.value !== null && "session" in opened.value ? opened.value.session : "";
    send(declaration({ main: { priority: 3 }, added: {} }));
    const shown = () =>
      views()
        .repositories()
        .repositories[0]?.targets.map(({ name, options, agents }) => [name, options.priority, agents]);
    expect(shown()).toEqual([
      ["added", null, [session]],
      ["flaky", null, [older]],
      ["limited", null, [older]],
      ["main", 3, [older, session].toSorted()],
      ["other", null, [older]],
      ["patient", null, [older]],
      ["task", null, [older]],
    ]);
    send({ kind: "expire-session", session: older });
    expect(shown()).toEqual([
      ["added", null, [session]],
      ["main", 3, [session]],
    ]);
    send({ kind: "expire-session", session });
    expect(shown()).toEqual([
      ["added", null, []],
      ["main", 3, []],
    ]);
  });

  test("shows its agents with what they execute and what waits", () => {
    const run = start();
    send(call(`${run}:1:1`, 1, "task"));
    start();
    expect(views().agents()).toEqual({
      agents: [
        {
          sessionId: session,
          connected: true,
          draining: false,
          repositories: ["flows"],
          concurrency: 100,
          running: 2,
          waiting: 1,
          provides: { gpu: ["a100"] },
          host: "box",
          pid: 7,
          version: "1",
          createdAt: 1_000_000,
        },
      ],
    });
    send({ kind: "drain-session", session });
    send({ kind: "disconnect-session", session });
    expect(views().agents().agents).toMatchObject([{ connected: false, draining: true }]);
    send({ kind: "expire-session", session });
    expect(views().agents()).toEqual({ agents: [] });
  });
});
