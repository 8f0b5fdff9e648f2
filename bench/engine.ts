// What the engine alone costs: no agents, no sockets, the real database with its fsyncs. Many runs at once that call a task five times, one
// after the other, with batches of 1, 10 and 100 messages; and runs that make a thousand calls at once.
//
//   node scripts/run-ts.mjs bench/engine.ts [steps]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../src/base/random.ts";
import type { Command } from "../src/orchestrator/command.ts";
import type { Effect } from "../src/orchestrator/effect.ts";
import { type Engine, createEngine } from "../src/orchestrator/engine.ts";
import { Database } from "../src/orchestrator/store/database.ts";
import { openDatabase } from "../src/orchestrator/store/open.ts";
import { type TargetDefinition, noOptions } from "../src/protocol/manifest.ts";
import type { Value } from "../src/protocol/values.ts";

interface Shape {
  readonly name: string;
  readonly callsPerRun: number;
  readonly areAtOnce: boolean;
  readonly batchSize: number;
  readonly runsInFlight: number;
}

const stepsWanted = Number(process.argv[2] ?? 20_000);

const inline = (data: string): Value => ({ kind: "inline", data, references: [] });
const target = (name: string, type: "workflow" | "task"): TargetDefinition => ({
  name,
  type,
  description: null,
  parameters: [{ name: "input", isOptional: false, isRest: false }],
  options: noOptions,
});

let statements = 0;
for (const method of ["get", "all", "run", "insert"] as const) {
  const original: (...args: never[]) => unknown = Database.prototype[method];
  Object.defineProperty(Database.prototype, method, {
    value(...args: never[]) {
      statements += 1;
      return original.apply(this, args);
    },
  });
}

/** Turns what the engine tells an agent into the agent's next messages, and starts the next run when one has ended. */
class Load {
  readonly pending: Command[] = [];
  steps = 0;
  #runsLeft: number;
  readonly #session: string;
  readonly #shape: Shape;
  readonly #answers = new Map<string, number>();

  constructor(session: string, runs: number, shape: Shape) {
    this.#session = session;
    this.#runsLeft = runs;
    this.#shape = shape;
    for (let index = 0; index < shape.runsInFlight; index++) this.#start();
  }

  take(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === "run-final") this.#start();
      if (effect.kind !== "agent-command") continue;
      const { command } = effect;
      if (command.kind === "answer") this.#goOn(command.caller);
      else if (command.kind === "execute" && command.target === "flows/main") this.#begin(command.execution);
      else if (command.kind === "execute") this.#report(command.execution);
    }
  }

  #start(): void {
    if (this.#runsLeft-- <= 0) return;
    const call = { target: "flows/main", arguments: [inline('"order-1234"')], options: null };
    this.pending.push({ kind: "start-run", ...call, idempotencyKey: null });
  }

  #begin(caller: string): void {
    const calls = this.#shape.areAtOnce ? this.#shape.callsPerRun : 1;
    for (let request = 1; request <= calls; request++) this.#call(caller, request);
  }

  #goOn(caller: string): void {
    const answers = (this.#answers.get(caller) ?? 0) + 1;
    this.#answers.set(caller, answers);
    if (answers === this.#shape.callsPerRun) this.#report(caller);
    else if (!this.#shape.areAtOnce) this.#call(caller, answers + 1);
  }

  #call(caller: string, request: number): void {
    const call = { caller, request, target: "flows/task", arguments: [inline(String(request))], options: null };
    this.pending.push({ kind: "submit-call", session: this.#session, ...call, isAwaited: true });
  }

  #report(execution: string): void {
    this.steps += 1;
    const outcome = { kind: "succeeded", value: inline('{"total":42}') } as const;
    const report = { execution, outcome, mayRetry: true, retryAfterMs: null, hasStopped: true };
    this.pending.push({ kind: "report-outcome", session: this.#session, ...report });
  }
}

function connect(engine: Engine): string {
  const agent = { pid: 1, host: "bench", version: "1", node: "20" };
  const [opened] = engine.execute([{ kind: "open-session", agent }], 0).verdicts;
  if (!opened?.ok || opened.value === null || !("secret" in opened.value)) throw new Error("no session");
  const { session } = opened.value;
  const targets = [target("main", "workflow"), target("task", "task")];
  const repositories = [{ name: "flows", version: "1", targets }];
  engine.execute([{ kind: "declare", session, concurrency: 1_000, provides: {}, repositories }], 0);
  return session;
}

function measure(shape: Shape, steps: number): void {
  const { batchSize } = shape;
  const directory = mkdtempSync(join(tmpdir(), "coflux-bench-"));
  const opened = openDatabase(directory);
  if (!opened.ok) throw new Error(opened.error.message);
  const { database } = opened.value;
  const onBug = (error: unknown): never => {
    throw error;
  };
  const engine = createEngine({ database, random: seededRandom(1), onBug });
  const session = connect(engine);
  const load = new Load(session, Math.ceil(steps / (shape.callsPerRun + 1)), shape);
  const emptyBytes = fileBytes(database);
  statements = 0;
  let sequence = 0;
  let batches = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  while (load.pending.length > 0) {
    const batch = load.pending.splice(0, batchSize);
    batch.push({ kind: "advance-session", session, sequence: ++sequence });
    load.take(engine.execute(batch, 1_700_000_000_000 + sequence).effects);
    batches += 1;
  }
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  database.checkpoint("truncate");
  const bytes = (fileBytes(database) - emptyBytes) / load.steps;
  const perStep = (value: number): string => (value / load.steps).toFixed(1);
  process.stdout.write(
    `${shape.name}, ${batchSize} messages a batch: ${load.steps} steps, ${batches} commits; a step: ${perStep(user)} us CPU in the process, ` +
      `${perStep(system)} in the kernel, ${perStep(wallMs * 1_000)} us in all, ${perStep(statements)} statements, ${bytes.toFixed(0)} bytes\n`,
  );
  opened.value.close();
  rmSync(directory, { recursive: true });
}

function fileBytes(database: Database): number {
  const row = database.get<{ bytes: number }>(
    "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()",
  );
  return row?.bytes ?? 0;
}

const chain = { name: "calls in a row", callsPerRun: 5, areAtOnce: false };
const fanOut = { name: "calls at once", callsPerRun: 1_000, areAtOnce: true, runsInFlight: 2 };

measure({ ...chain, batchSize: 100, runsInFlight: 200 }, stepsWanted / 2); // Until the code is compiled.
measure({ ...chain, batchSize: 1, runsInFlight: 1 }, stepsWanted / 10);
measure({ ...chain, batchSize: 10, runsInFlight: 20 }, stepsWanted);
measure({ ...chain, batchSize: 100, runsInFlight: 200 }, stepsWanted);
measure({ ...fanOut, batchSize: 100 }, stepsWanted);
