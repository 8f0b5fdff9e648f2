import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Command } from "../../src/orchestrator/command.ts";
import type { Verdict } from "../../src/orchestrator/verdict.ts";
import { storageFault } from "../../src/orchestrator/store/sqlite-errors.ts";
import { type TargetDefinition, noOptions } from "../../src/protocol/manifest.ts";
import { executionStatuses } from "../../src/protocol/views.ts";
import { executionFacts, runFacts } from "./environment-rows.ts";
import { type EngineUnderTest, openEngine } from "./open-engine.ts";
import { inline } from "./scenario-script.ts";

const NOW = 1_700_000_000_000;

let under: EngineUnderTest;
let session: string;

beforeEach(() => {
  under = openEngine({ executionsPerTurn: 3 });
  session = connect(under);
});

afterEach(() => under.close());

const definition = (name: string, type: "workflow" | "task", options = {}): TargetDefinition => ({
  name,
  type,
  description: null,
  parameters: [{ name: "input", isOptional: false, isRest: false }],
  options: { ...noOptions, ...options },
});

function connect({ engine }: EngineUnderTest, concurrency = 5): string {
  const agent = { pid: 1, host: "test", version: "0", node: "20" };
  const [opened] = engine.execute([{ kind: "open-session", agent }], NOW).verdicts;
  if (!opened?.ok || opened.value === null || !("secret" in opened.value)) throw new Error("no session");
  const { session: id } = opened.value;
  const timed = definition("timed", "workflow", { timeoutMs: 500 });
  const again = definition("again", "workflow", { retries: { limit: 1, backoffMinMs: 0, backoffMaxMs: 0 } });
  const targets = [definition("main", "workflow"), definition("task", "task"), timed, again];
  const repositories = [{ name: "flows", version: "1", targets }];
  engine.execute([{ kind: "declare", session: id, concurrency, provides: {}, repositories }], NOW);
  return id;
}

const run = (name = "main", data = "1", delayMs: number | null = null): Command => ({
  kind: "start-run",
  target: `flows/${name}`,
  arguments: [inline(data)],
  options: delayMs === null ? null : { ...noOptions, delayMs },
  idempotencyKey: null,
});

/** Everything that is assigned begins. */
const startAll = (): Command[] =>
  executions()
    .filter(({ status }) => status === "assigned")
    .map(({ executionId }) => ({ kind: "report-started", session, execution: executionId }));

const succeeded = (execution: string): Command => ({
  kind: "report-outcome",
  session,
  execution,
  outcome: { kind: "succeeded", value: inline("2") },
  mayRetry: true,
  retryAfterMs: null,
  hasStopped: true,
});

function started(verdict: Verdict | undefined): string {
  if (!verdict?.ok || verdict.value === null || !("isNew" in verdict.value)) throw new Error("no run was started");
  return verdict.value.executionId;
}

const executions = () => executionFacts(under.db, NOW, 10);

describe("a batch", () => {
  test("answers each command in its place, and a rejected one changes nothing", () => {
    const { verdicts } = under.engine.execute([run(), run("nothing"), run()], NOW);
    expect(verdicts.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(runFacts(under.db)).toHaveLength(2);
  });

  test("gives no more to agents than one turn may, and says that there is more", () => {
    const first = under.engine.execute([run(), run(), run(), run()], NOW);
    expect(first.effects.filter(({ kind }) => kind === "agent-command")).toHaveLength(3);
    expect(first.hasMore).toBe(true);
    const second = under.engine.execute([], NOW);
    expect(second.effects.filter(({ kind }) => kind === "agent-command")).toHaveLength(1);
    expect(second.hasMore).toBe(false);
  });

  test("tells the same in the same order for the same commands and chance", () => {
    const other = openEngine({ executionsPerTurn: 3 });
    expect(connect(other)).toBe(session);
    const commands = [run(), run("main", "2", 100), run("timed", "3")];
    expect(other.engine.execute(commands, NOW)).toEqual(under.engine.execute(commands, NOW));
    other.close();
  });
});

describe("a bug in one command", () => {
  const log: Command = {
    kind: "record-logs",
    session: "",
    entries: [{ execution: "", sequence: 1, timestamp: 0, level: 0, template: "", values: null }],
  };

  test("undoes that command alone and is reported", () => {
    const execution = started(under.engine.execute([run()], NOW).verdicts[0]);
    under.db.run("DROP TABLE logs");
    const entries = [{ execution, sequence: 1, timestamp: 0, level: 0, template: "line", values: null }];
    const { verdicts, effects } = under.engine.execute([run(), { ...log, session, entries }, run()], NOW);
    expect(verdicts.map((verdict) => (verdict.ok ? "ok" : verdict.error.code))).toEqual(["ok", "internal", "ok"]);
    expect(effects.filter(({ kind }) => kind === "agent-command")).toHaveLength(2);
    expect(runFacts(under.db)).toHaveLength(3);
    expect(under.bugs.map(String).join()).toContain("no such table: logs");
  });

  test("refuses the call of the code that waits for an answer", () => {
    const caller = started(under.engine.execute([run()], NOW).verdicts[0]);
    under.db.run(
      "CREATE TRIGGER planted BEFORE INSERT ON steps WHEN new.parent IS NOT NULL BEGIN SELECT RAISE(ABORT, 'no'); END",
    );
    const call = { caller, request: 1, target: "flows/task", arguments: [inline("1")], options: null, isAwaited: true };
    const { effects } = under.engine.execute([{ kind: "submit-call", session, ...call }], NOW);
    const refusal = { kind: "refused", request: 1, caller, code: "internal", message: expect.stringContaining("bug") };
    expect(effects).toEqual([{ kind: "agent-command", session, command: refusal }]);
  });

  test("ends the execution whose outcome it swallowed: it can never be run a second time", () => {
    const execution = started(under.engine.execute([run()], NOW).verdicts[0]);
    under.db.run(
      "CREATE TRIGGER planted BEFORE UPDATE ON executions WHEN new.status = 2 BEGIN SELECT RAISE(ABORT, 'no'); END",
    );
    under.engine.execute([succeeded(execution)], NOW);
    expect(executions().map(({ status }) => status)).toEqual(["abandoned"]);
  });

  test("ends the execution whose end it swallowed: nothing runs any more that could end it", () => {
    const execution = started(under.engine.execute([run("again")], NOW).verdicts[0]);
    under.db.run(
      "CREATE TRIGGER planted BEFORE INSERT ON executions WHEN new.attempt > 1 BEGIN SELECT RAISE(ABORT, 'no'); END",
    );
    under.engine.execute([{ kind: "report-stopped", session, execution }], NOW);
    expect(executions().map(({ status, slot }) => [status, slot])).toEqual([["abandoned", "none"]]);
  });
});

describe("an execution that the engine fails for is set aside as abandoned, and the others go on", () => {
  /** From now on every change of this execution fails but its being abandoned. */
  const spoil = (index: number): void => {
    const id = executions()[index]?.id ?? 0;
    const abandoned = executionStatuses.indexOf("abandoned");
    under.db.run(
      `CREATE TRIGGER planted BEFORE UPDATE ON executions WHEN old.id = ${id} AND new.status <> ${abandoned} BEGIN SELECT RAISE(ABORT, 'no'); END`,
    );
  };

  const call = (request: number): Command => {
    const caller = executions()[0]?.executionId ?? "";
    const called = { target: "flows/task", arguments: [inline("1")], options: null, isAwaited: true };
    return { kind: "submit-call", session, caller, request, ...called };
  };

  test.each<[string, () => void, number, () => Command[], number, string[]]>([
    [
      "when it is to be given to an agent",
      () => under.engine.execute([{ kind: "pause" }, run(), run()], NOW),
      0,
      () => [{ kind: "resume" }],
      NOW,
      ["abandoned", "assigned"],
    ],
    [
      "when its delay is over",
      () => under.engine.execute([run("main", "1", 100), run("main", "1", 100)], NOW),
      0,
      () => [],
      NOW + 100,
      ["abandoned", "assigned"],
    ],
    [
      "when its time is over",
      () => {
        under.engine.execute([run("timed"), run("timed")], NOW);
        under.engine.execute(startAll(), NOW);
      },
      0,
      () => [{ kind: "expire-due" }],
      NOW + 10_500,
      ["abandoned", "timed_out"],
    ],
    [
      "when it is cancelled with its caller",
      () => {
        under.engine.execute([run()], NOW);
        under.engine.execute([call(1), call(2)], NOW);
      },
      1,
      () => [{ kind: "cancel-run", run: runFacts(under.db)[0]?.runId ?? "" }],
      NOW,
      ["cancelled", "abandoned", "cancelled"],
    ],
    [
      "when the environment is archived",
      () => under.engine.execute([run(), run()], NOW),
      0,
      () => [{ kind: "archive" }],
      NOW,
      ["abandoned", "cancelled"],
    ],
  ])("%s", (_, prepare, index, commands, now, statuses) => {
    prepare();
    spoil(index);
    const { verdicts, hasMore } = under.engine.execute(commands(), now);
    expect(verdicts.every(({ ok }) => ok)).toBe(true);
    expect(hasMore).toBe(false);
    expect(executions().map(({ status }) => status)).toEqual(statuses);
    expect(under.bugs.splice(0).map(String).join()).toContain("no");
    under.engine.execute([{ kind: "expire-due" }], now);
    expect(under.bugs).toEqual([]);
  });
});

describe("a full disk", () => {
  test("keeps nothing of the batch, and the same batch succeeds when there is room", () => {
    const pages = under.db.get<{ page_count: number }>("PRAGMA page_count")?.page_count ?? 0;
    under.db.get(`PRAGMA max_page_count = ${pages}`);
    const batch = [run("main", JSON.stringify("x".repeat(20_000))), run()];
    let caught: unknown;
    try {
      under.engine.execute(batch, NOW);
    } catch (error) {
      caught = error;
    }
    expect(storageFault(caught)).toEqual({ kind: "full" });
    expect(runFacts(under.db)).toEqual([]);
    expect(under.engine.execute([{ kind: "pause" }], NOW).verdicts).toEqual([{ ok: true, value: null }]);
    under.db.get("PRAGMA max_page_count = 1000000");
    expect(under.engine.execute(batch, NOW).verdicts.map(({ ok }) => ok)).toEqual([true, true]);
    expect(under.bugs).toEqual([]);
  });
});

describe("what is due", () => {
  test("is the earliest delay or timeout, and nothing when there is none", () => {
    expect(under.engine.nextDueAt()).toBeNull();
    under.engine.execute([run("main", "1", 60_000)], NOW);
    expect(under.engine.nextDueAt()).toBe(NOW + 60_000);
    under.engine.execute([run("timed")], NOW);
    expect(under.engine.nextDueAt()).toBe(NOW + 60_000); // Its time begins with its function.
    under.engine.execute(startAll(), NOW);
    expect(under.engine.nextDueAt()).toBe(NOW + 500 + 10_000);
    under.engine.execute([{ kind: "expire-due" }], NOW + 10_500);
    expect(under.engine.nextDueAt()).toBe(NOW + 60_000);
  });

  test("is no delay while the environment is paused", () => {
    under.engine.execute([run("main", "1", 60_000), { kind: "pause" }], NOW);
    expect(under.engine.activity()).toEqual({ state: "paused", sessions: 1, nextDueAt: null });
    under.engine.execute([{ kind: "resume" }], NOW);
    expect(under.engine.activity()).toEqual({ state: "active", sessions: 1, nextDueAt: NOW + 60_000 });
  });

  test("may lie farther away than timers reach", () => {
    const days60 = 60 * 86_400_000;
    under.engine.execute([run("main", "1", days60)], NOW);
    under.restart();
    session = connect(under);
    under.engine.execute([{ kind: "expire-due" }], NOW + days60 - 1);
    expect(executions().map(({ status }) => status)).toEqual(["queued"]);
    under.engine.execute([{ kind: "expire-due" }], NOW + days60);
    expect(executions().map(({ status }) => status)).toEqual(["assigned"]);
  });
});

test("a session's secret is not stored, and another one does not open it", () => {
  const stored = under.db.get<{ secret_hash: string }>("SELECT secret_hash FROM sessions")?.secret_hash;
  expect(stored).toMatch(/^[0-9a-f]{64}$/);
  const resume = { session, secret: stored ?? "", acknowledged: 0, known: [] };
  const [verdict] = under.engine.execute([{ kind: "resume-session", ...resume }], NOW).verdicts;
  expect(verdict).toMatchObject({ ok: false, error: { code: "session_unknown" } });
});
