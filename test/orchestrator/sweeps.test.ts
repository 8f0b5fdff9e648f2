// What ends many executions goes through them in slices: the rows must come out as if it had been done at once, whatever happens in between.
import { afterEach, describe, expect, test } from "vitest";
import { randomBelow, seededRandom } from "../../src/base/random.ts";
import type { Command } from "../../src/orchestrator/command.ts";
import type { Effect } from "../../src/orchestrator/effect.ts";
import { type TargetDefinition, noOptions } from "../../src/protocol/manifest.ts";
import { executionIds, runFacts } from "./environment-rows.ts";
import { type EngineUnderTest, openEngine } from "./open-engine.ts";
import { inline } from "./scenario-script.ts";

const NOW = 1_700_000_000_000;
const STEPS = 60;
const AT_ONCE = 1_000_000;

const target = (name: string, type: "workflow" | "task", options = {}): TargetDefinition => ({
  name,
  type,
  description: null,
  parameters: [],
  options: { ...noOptions, ...options },
});
const targets = [
  target("main", "workflow"),
  target("task", "task"),
  target("flaky", "task", { retries: { limit: 3, backoffMinMs: 0, backoffMaxMs: 0 } }),
  target("late", "task", { delayMs: 60_000 }),
];

const opened: EngineUnderTest[] = [];
afterEach(() => {
  for (const under of opened.splice(0)) under.close();
});

/** The same random tree of calls for the same seed: nested runs, retries, delays, waits, some of it ended, one session for all. */
function planted(seed: number, sweptPerTurn: number) {
  const under = openEngine({ sweptPerTurn }, seed);
  opened.push(under);
  const execute = (...commands: Command[]) => under.engine.execute(commands, NOW);
  const agent = { pid: 1, host: "test", version: "0", node: "20" };
  const [session] = execute({ kind: "open-session", agent }).verdicts;
  if (!session?.ok || session.value === null || !("secret" in session.value)) throw new Error("no session");
  const random = seededRandom(seed);
  const below = (limit: number): number => randomBelow(random, limit);
  const from = { session: session.value.session };
  const repositories = [{ name: "flows", version: "1", targets }];
  execute({ kind: "declare", ...from, concurrency: 30, provides: {}, repositories });
  execute({ kind: "start-run", target: "flows/main", arguments: [], options: null, idempotencyKey: null });
  for (let request = 1; request <= STEPS; request++) {
    const ids = executionIds(under.db);
    const execution = ids[below(ids.length)] ?? "";
    const name = ["main", "task", "task", "flaky", "flaky", "late"][below(6)] ?? "task";
    const call = { target: `flows/${name}`, arguments: [], options: null, isAwaited: below(2) === 0 };
    execute({ kind: "submit-call", ...from, caller: execution, request, ...call });
    if (below(3) > 0) continue;
    const error = { type: "E", message: "no", stack: "", frames: [], value: null, cause: null, errors: null } as const;
    const outcome =
      below(3) === 0 ? ({ kind: "succeeded", value: inline("1") } as const) : ({ kind: "failed", error } as const);
    const report = {
      execution: ids[1 + below(ids.length)] ?? "",
      mayRetry: true,
      retryAfterMs: null,
      hasStopped: below(4) > 0,
    };
    execute({ kind: "report-outcome", ...from, ...report, outcome });
  }
  return { under, ...from };
}

type Planted = ReturnType<typeof planted>;

/** Executes the command and all the batches that it needs. Returns everything that agents were told, and in how many turns. */
function carryOut({ under }: Planted, command: Command, between: () => void = () => undefined) {
  const effects: Effect[] = [];
  let executed = under.engine.execute([command], NOW);
  let turns = 1;
  for (; executed.hasMore; turns++) {
    effects.push(...executed.effects);
    between();
    executed = under.engine.execute([], NOW);
  }
  effects.push(...executed.effects);
  return { turns, told: effects.filter(({ kind }) => kind === "agent-command" || kind === "close-session") };
}

/** Every row that says what became of something; ids are the same for the same seed. */
function rowsOf({ under: { db } }: Planted) {
  return ["executions", "runs", "steps", "waits", "sessions", "sweeps"].map((table) =>
    db.all(`/* test */ SELECT * FROM ${table} ORDER BY 1, 2`),
  );
}

const endings: [string, (planted: Planted) => Command][] = [
  ["the cancelling of a run", ({ under }) => ({ kind: "cancel-run", run: runFacts(under.db)[0]?.runId ?? "" })],
  [
    "the cancelling of an execution",
    ({ under }) => ({ kind: "cancel-execution", execution: executionIds(under.db)[1] ?? "" }),
  ],
  ["the archiving of an environment", () => ({ kind: "archive" })],
];

describe.each(endings)("%s", (_, commandOf) => {
  test.each([1, 2, 3, 4, 5])("leaves the same rows in slices as at once: seed %i", (seed) => {
    const atOnce = planted(seed, AT_ONCE);
    const whole = carryOut(atOnce, commandOf(atOnce));
    expect(whole.turns).toBe(1);
    const inSlices = planted(seed, 1);
    expect(carryOut(inSlices, commandOf(inSlices)).told).toEqual(whole.told);
    expect(rowsOf(inSlices)).toEqual(rowsOf(atOnce));
    const crashing = planted(seed, 4);
    carryOut(crashing, commandOf(crashing), () => crashing.under.restart());
    expect(rowsOf(crashing)).toEqual(rowsOf(atOnce));
  });
});

test.each([1, 2, 3, 4])("the end of a session gives up the same executions in slices as at once: seed %i", (seed) => {
  const expire = ({ session }: Planted): Command => ({ kind: "expire-session", session });
  const atOnce = planted(seed, AT_ONCE);
  carryOut(atOnce, expire(atOnce));
  const crashing = planted(seed, 2);
  const { turns } = carryOut(crashing, expire(crashing), () => crashing.under.restart());
  expect(turns).toBeGreaterThan(2);
  expect(rowsOf(crashing)).toEqual(rowsOf(atOnce));
});

test("a turn changes no more rows than it may, and hands out nothing before all that is doomed has ended", () => {
  const under = openEngine({ sweptPerTurn: 50 });
  opened.push(under);
  const agent = { pid: 1, host: "test", version: "0", node: "20" };
  const [session] = under.engine.execute([{ kind: "open-session", agent }], NOW).verdicts;
  if (!session?.ok || session.value === null || !("secret" in session.value)) throw new Error("no session");
  const from = { session: session.value.session };
  const repositories = [{ name: "flows", version: "1", targets }];
  const start: Command = {
    kind: "start-run",
    target: "flows/main",
    arguments: [],
    options: null,
    idempotencyKey: null,
  };
  under.engine.execute([{ kind: "declare", ...from, concurrency: 1, provides: {}, repositories }, start], NOW);
  const [caller = ""] = executionIds(under.db);
  const call = { target: "flows/task", arguments: [], options: null, isAwaited: false };
  const calls = Array.from({ length: 500 }, (_, index): Command => ({
    kind: "submit-call",
    ...from,
    caller,
    request: index + 1,
    ...call,
  }));
  under.engine.execute([...calls, start], NOW);
  const live = (): number =>
    under.db.get<{ n: number }>("/* test */ SELECT count(*) AS n FROM executions WHERE status <= 1")?.n ?? 0;

  const run = runFacts(under.db)[0]?.runId ?? "";
  let executed = under.engine.execute(
    [
      { kind: "cancel-run", run },
      { kind: "report-stopped", ...from, execution: caller },
    ],
    NOW,
  );
  expect(runFacts(under.db)[0]).toEqual({ runId: run, status: "cancelled" });
  for (let left = 451; executed.hasMore; left -= 50) {
    expect(live()).toBe(left);
    expect(executed.effects.filter(({ kind }) => kind === "agent-command" && executed.hasMore)).toHaveLength(
      left === 451 ? 1 : 0,
    );
    executed = under.engine.execute([], NOW);
  }
  const other = runFacts(under.db)[1]?.runId;
  expect(live()).toBe(1);
  expect(executed.effects).toContainEqual(
    expect.objectContaining({
      kind: "agent-command",
      command: expect.objectContaining({ kind: "execute", execution: `${other}:1:1` }),
    }),
  );
});
