import { type Random, randomBelow, seededRandom } from "../../src/base/random.ts";
import type { Command } from "../../src/orchestrator/command.ts";
import type { Effect } from "../../src/orchestrator/effect.ts";
import type { Verdict } from "../../src/orchestrator/verdict.ts";
import { firstSweep } from "../../src/orchestrator/store/sweeps.ts";
import { type TargetDefinition, noOptions } from "../../src/protocol/manifest.ts";
import { isFinalRunStatus } from "../../src/protocol/views.ts";
import { executionIds, runFacts } from "./environment-rows.ts";
import { InvariantChecker } from "./invariants.ts";
import { type EngineUnderTest, openEngine } from "./open-engine.ts";
import { RandomAgent } from "./random-agent.ts";
import { inline } from "./scenario-script.ts";

const START = 1_700_000_000_000;
const WAITING_PER_SESSION = 4;

const target = (name: string, type: "workflow" | "task", options = {}): TargetDefinition => ({
  name,
  type,
  description: null,
  parameters: [{ name: "input", isOptional: false, isRest: false }],
  options: { ...noOptions, ...options },
});
const targets = [
  target("main", "workflow"),
  target("child", "workflow", { retries: { limit: 1, backoffMinMs: 50, backoffMaxMs: 50 } }),
  target("late", "workflow", { delayMs: 200, priority: 1 }),
  target("task", "task"),
  target("flaky", "task", { retries: { limit: 2, backoffMinMs: 10, backoffMaxMs: 90 }, timeoutMs: 500 }),
];

/** An environment with random agents, callers, operators and crashes, all from one seed. */
export class RandomEnvironment {
  readonly under: EngineUnderTest;
  readonly violations: string[] = [];
  isChecked = true;
  #agents: RandomAgent[] = [];
  readonly #random: Random;
  readonly #checker = new InvariantChecker();
  #now = START;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.under = openEngine(
      { waitingPerSession: WAITING_PER_SESSION, executionsPerTurn: 7, sweptPerTurn: 3, runDepth: 4 },
      seed,
    );
    this.#execute([{ kind: "recover" }]);
    this.#connectNew();
  }

  /** One batch of whatever happens next. */
  step(): void {
    const ids = this.#executionIds();
    for (const agent of this.#agents) for (let turn = this.#below(5); turn > 0; turn--) agent.act(ids);
    this.#now += this.#below(40);
    const dice = this.#below(100);
    if (dice < 4) return this.#crash();
    if (dice < 7) return this.#disconnect();
    if (dice < 12) return this.#reconnect();
    if (dice < 14) return this.#expire();
    if (dice < 17 && this.#agents.length < 3) return this.#connectNew();
    if (dice < 19) return this.#redeclare();
    this.#deliver([...this.#wishes(), ...(dice < 40 ? [{ kind: "expire-due" } as const] : [])]);
  }

  /** Faults stop, all agents come back and finish what they have: in the end nothing may be left under way. */
  heal(): void {
    this.#connectNew(); // Others may be draining.
    for (let turn = 0; turn < 2_000 && this.#isUnderWay(); turn++) {
      if (this.#agents.length === 0) this.#connectNew();
      for (const agent of this.#agents) {
        agent.isEnding = true;
        if (!agent.isConnected) this.#resume(agent);
        agent.act([]);
      }
      this.#now += 100;
      this.#deliver([{ kind: "resume" }, { kind: "expire-due" }]);
    }
    if (this.#isUnderWay()) this.violations.push("something is still under way when all faults have stopped");
  }

  #isUnderWay(): boolean {
    const isPending = runFacts(this.under.db).some(({ status }) => !isFinalRunStatus(status));
    return isPending || this.#agents.some((agent) => agent.frames.length > 0);
  }

  #executionIds(): string[] {
    return executionIds(this.under.db);
  }

  /** Frames of the connected agents, some of them twice, in a batch with whatever else there is. */
  #deliver(wishes: readonly Command[]): void {
    const frames = this.#agents.filter(({ isConnected }) => isConnected).flatMap((agent) => this.#framesOf(agent));
    this.#execute([...wishes, ...frames.flatMap(({ commands }) => commands)], true);
    for (const { agent, sequence } of frames) agent.acknowledge(sequence);
  }

  #framesOf(agent: RandomAgent): { agent: RandomAgent; sequence: number; commands: readonly Command[] }[] {
    const count = 1 + this.#below(agent.frames.length);
    return agent.frames.slice(0, count).map(({ sequence, commands }) => {
      const sent = this.#below(10) === 0 ? [...commands, ...commands] : commands;
      const advance = { kind: "advance-session", session: agent.session, sequence } as const;
      return { agent, sequence, commands: [...sent, advance] };
    });
  }

  #wishes(): Command[] {
    const dice = this.#below(100);
    const runs = runFacts(this.under.db);
    const run = runs[this.#below(runs.length)];
    if (dice < 25) return [this.#run()];
    if (dice < 28 && run !== undefined) return [{ kind: "cancel-run", run: run.runId }];
    if (dice < 32 && run !== undefined) return [{ kind: "rerun-step", step: `${run.runId}:${1 + this.#below(3)}` }];
    if (dice < 35) {
      const ids = this.#executionIds();
      return [{ kind: "cancel-execution", execution: ids[this.#below(ids.length)] ?? "" }];
    }
    if (dice < 37) return [{ kind: "pause" }];
    const agent = this.#agents[this.#below(this.#agents.length)];
    if (dice === 42 && agent !== undefined) return [{ kind: "session-draining", session: agent.session }];
    return dice < 42 ? [{ kind: "resume" }] : [];
  }

  #run(): Command {
    const name = ["main", "main", "child", "late"][this.#below(4)] ?? "main";
    const idempotencyKey = this.#below(4) === 0 ? `key-${this.#below(5)}` : null;
    const call = { target: `flows/${name}`, arguments: [inline(String(this.#below(3)))], options: null };
    return { kind: "start-run", ...call, idempotencyKey };
  }

  #connectNew(): void {
    const agent = { pid: 1, host: "test", version: "0", node: "20" };
    const [opened] = this.#execute([{ kind: "open-session", agent }]);
    if (!opened?.ok || opened.value === null || !("secret" in opened.value)) return;
    this.#agents.push(new RandomAgent(opened.value, 1 + this.#below(6), this.#random));
    this.#redeclare();
  }

  #redeclare(): void {
    for (const { session, concurrency } of this.#agents.slice(-1)) {
      const repositories = [{ name: "flows", version: "1", targets }];
      this.#execute([{ kind: "declare", session, concurrency, provides: {}, repositories }]);
    }
  }

  #disconnect(): void {
    const agent = this.#agents[this.#below(this.#agents.length)];
    if (agent === undefined) return;
    agent.isConnected = false;
    this.#execute([{ kind: "disconnect-session", session: agent.session }]);
  }

  #reconnect(): void {
    const agent = this.#agents[this.#below(this.#agents.length)];
    if (agent !== undefined) this.#resume(agent);
  }

  #resume(agent: RandomAgent): void {
    agent.isConnected = true; // The commands that resume it are for the new connection.
    const [verdict] = this.#execute([agent.resume()]);
    if (verdict?.ok && verdict.value !== null && "lastSequence" in verdict.value) {
      agent.welcome(verdict.value.lastSequence);
    } else if (verdict?.ok === false && verdict.error.code === "session_unknown") {
      this.#agents = this.#agents.filter((other) => other !== agent);
    }
  }

  #expire(): void {
    const agent = this.#agents.find(({ isConnected }) => !isConnected);
    if (agent !== undefined) this.#execute([{ kind: "expire-session", session: agent.session }]);
  }

  /** The process ends before a batch, or after its commit and before anybody heard of it; then it starts again. */
  #crash(): void {
    if (this.#below(2) === 0) {
      const frames = this.#agents.filter(({ isConnected }) => isConnected).flatMap((agent) => this.#framesOf(agent));
      const lost = [...this.#wishes(), ...frames.flatMap(({ commands }) => commands)];
      if (!this.under.engine.execute(lost, this.#now).hasMore) this.#verify();
    }
    this.under.restart();
    for (const agent of this.#agents) agent.isConnected = false;
    this.#execute([{ kind: "recover" }]);
  }

  #execute(commands: readonly Command[], mayCrash = false): readonly Verdict[] {
    const { verdicts, effects, hasMore } = this.under.engine.execute(commands, this.#now);
    this.#release(effects);
    if (!hasMore) this.#verify();
    else if (mayCrash && this.#below(4) === 0) this.#crash();
    else if (mayCrash && this.#isSweeping() && this.#below(2) === 0) return verdicts; // What comes next meets what is half done.
    else this.#execute([], mayCrash);
    return verdicts;
  }

  /** Something was decided that has not reached all that it concerns. */
  #isSweeping(): boolean {
    return firstSweep(this.under.db) !== undefined;
  }

  #release(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind !== "agent-command") continue;
      const agent = this.#agents.find(({ session }) => session === effect.session);
      if (agent?.isConnected) agent.receive(effect.command);
    }
  }

  #verify(): void {
    if (this.isChecked) this.violations.push(...this.#checker.check(this.under.db, this.#now, WAITING_PER_SESSION));
    for (const bug of this.under.bugs.splice(0)) this.violations.push(`a bug: ${String(bug)}`);
  }

  #below(limit: number): number {
    return limit <= 0 ? 0 : randomBelow(this.#random, limit);
  }
}
