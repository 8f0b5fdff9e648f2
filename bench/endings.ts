// How long it takes to end very many executions, and how long one turn of it: a run that called so many tasks is cancelled, the session that holds
// them expires, their environment is archived. No agents, no sockets, the real database with its fsyncs.
//
//   node scripts/run-ts.mjs bench/endings.ts [executions…]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../src/base/random.ts";
import type { Command } from "../src/orchestrator/command.ts";
import { createEngine } from "../src/orchestrator/engine.ts";
import { openDatabase } from "../src/orchestrator/store/open.ts";
import { type TargetDefinition, noOptions } from "../src/protocol/manifest.ts";

const NOW = 1_700_000_000_000;
const UNLIMITED = 1_000_000_000;
const CALLS_PER_BATCH = 1_000;

interface Ending {
  readonly name: string;
  /** Whether an agent has them all, or they are queued. */
  readonly areAssigned: boolean;
  readonly command: (run: string, session: string) => Command;
}

const target = (name: string, type: "workflow" | "task"): TargetDefinition => {
  return { name, type, description: null, parameters: [], options: noOptions };
};

function measure({ name, areAssigned, command }: Ending, count: number): void {
  const directory = mkdtempSync(join(tmpdir(), "coflux-bench-"));
  const opened = openDatabase(directory);
  if (!opened.ok) throw new Error(opened.error.message);
  const onBug = (error: unknown): never => {
    throw error;
  };
  const limits = { stepsPerRun: UNLIMITED, executionsPerTurn: UNLIMITED };
  const engine = createEngine({ database: opened.value.database, random: seededRandom(1), onBug, limits });

  const agent = { pid: 1, host: "bench", version: "1", node: "20" };
  const [session] = engine.execute([{ kind: "open-session", agent }], NOW).verdicts;
  if (!session?.ok || session.value === null || !("secret" in session.value)) throw new Error("no session");
  const from = { session: session.value.session };
  const repositories = [{ name: "flows", version: "1", targets: [target("main", "workflow"), target("task", "task")] }];
  const declare = {
    kind: "declare",
    ...from,
    concurrency: areAssigned ? UNLIMITED : 1,
    provides: {},
    repositories,
  } as const;
  const call = { arguments: [], options: null };
  const start = { kind: "start-run", target: "flows/main", ...call, idempotencyKey: null } as const;
  const [, started] = engine.execute([declare, start], NOW).verdicts;
  if (!started?.ok || started.value === null || !("isNew" in started.value)) throw new Error("no run");
  const { runId, executionId } = started.value;
  const submit = {
    kind: "submit-call",
    ...from,
    caller: executionId,
    target: "flows/task",
    ...call,
    isAwaited: false,
  } as const;
  for (let made = 0; made < count; made += CALLS_PER_BATCH) {
    const calls = Array.from({ length: CALLS_PER_BATCH }, (_, index) => ({ ...submit, request: made + index + 1 }));
    engine.execute(calls, NOW);
  }

  const turns: number[] = [];
  const cpu = process.cpuUsage();
  for (let commands = [command(runId, from.session)], hasMore = true; hasMore; commands = []) {
    const begin = performance.now();
    ({ hasMore } = engine.execute(commands, NOW + 1));
    turns.push(performance.now() - begin);
  }
  const all = turns.reduce((sum, turn) => sum + turn, 0);
  const { user, system } = process.cpuUsage(cpu);
  process.stdout.write(
    `${name}, ${count} executions: ${all.toFixed(0)} ms in ${turns.length} turns, the longest ${Math.max(...turns).toFixed(0)} ms; ${((user + system) / 1_000 / turns.length).toFixed(0)} ms CPU a turn\n`,
  );
  opened.value.close();
  rmSync(directory, { recursive: true });
}

const endings: readonly Ending[] = [
  { name: "cancel a run, queued", areAssigned: false, command: (run) => ({ kind: "cancel-run", run }) },
  { name: "cancel a run, assigned", areAssigned: true, command: (run) => ({ kind: "cancel-run", run }) },
  { name: "expire a session", areAssigned: true, command: (_run, session) => ({ kind: "expire-session", session }) },
  { name: "archive", areAssigned: false, command: () => ({ kind: "archive" }) },
];
const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000, 10_000, 100_000];
for (const count of counts) for (const ending of endings) measure(ending, count);
