import type { AgentCommand } from "../protocol/agent-messages.ts";
import type { Database } from "./store/database.ts";
import type { Effect } from "./effect.ts";
import type { Limits } from "./limits.ts";
import type { Ms } from "../base/clock.ts";
import type { Random } from "../base/random.ts";

/** What a command has at hand: the rows as they are within the batch, and what to do once it is committed. */
export interface Transaction {
  readonly db: Database;
  readonly now: Ms;
  readonly random: Random;
  readonly limits: Limits;
  readonly effects: EffectList;
  readonly admission: Admission;
  readonly sweeping: Allowance;
  /** Null until a bug is met: then every execution is dealt with on its own (transitions/on-its-own.ts). */
  readonly onBug: ((error: unknown, during: `execution ${string}`) => void) | null;
}

/** How many more rows this batch may change on account of sweeps (store/sweeps.ts). */
export class Allowance {
  #left: number;

  constructor(rows: number) {
    this.#left = rows;
  }

  get left(): number {
    return this.#left;
  }

  /** A look costs as much as a row, so that every batch comes to its end. */
  spend(rows: number): void {
    this.#left -= Math.max(1, rows);
  }
}

/** How many more runs from outside the queue has room for. The queue is counted once for a batch, and only if somebody asks. */
export class Admission {
  readonly #count: () => number;
  #room: number | undefined;

  constructor(count: () => number) {
    this.#count = count;
  }

  /** False when the queue is full. */
  take(): boolean {
    this.#room ??= this.#count();
    this.#room -= 1;
    return this.#room >= 0;
  }
}

const runChanges = ["run-changed", "run-final", "logs-changed"] as const;
type RunChange = (typeof runChanges)[number];
type EnvironmentChange = "runs-changed" | "repositories-changed" | "agents-changed" | "environment-changed";

/** Collects the effects of a batch: what goes to agents in its order, each change once. */
export class EffectList {
  #outgoing: Effect[] = [];
  #runs = { "run-changed": new Set<string>(), "run-final": new Set<string>(), "logs-changed": new Set<string>() };
  #kinds = new Set<EnvironmentChange>();

  send(session: string, command: AgentCommand): void {
    this.#outgoing.push({ kind: "agent-command", session, command });
  }

  close(session: string, code: number, reason: string): void {
    this.#outgoing.push({ kind: "close-session", session, code, reason });
  }

  runChanged(kind: RunChange, run: string): void {
    this.#runs[kind].add(run);
  }

  /** The run goes on after all: within this batch it was final, and nobody is to hear of that. */
  runReopened(run: string): void {
    this.#runs["run-final"].delete(run);
  }

  changed(kind: EnvironmentChange): void {
    this.#kinds.add(kind);
  }

  /** Adds what another list has collected. */
  absorb(other: EffectList): void {
    for (const effect of other.#outgoing) this.#outgoing.push(effect);
    for (const kind of runChanges) {
      for (const run of other.#runs[kind]) this.#runs[kind].add(run);
    }
    for (const kind of other.#kinds) this.#kinds.add(kind);
  }

  /** All of it: what agents are told, then what has changed. */
  all(): Effect[] {
    const all = this.#outgoing.slice();
    for (const kind of runChanges) {
      for (const run of this.#runs[kind]) all.push({ kind, run });
    }
    for (const kind of this.#kinds) all.push({ kind });
    return all;
  }
}
