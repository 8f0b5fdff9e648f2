import type { Ms } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { type Batch, type OnBug, runGuarded, runPlainly } from "./batch.ts";
import type { Command } from "./command.ts";
import type { Effect } from "./effect.ts";
import { isBug } from "./isolated.ts";
import { type Limits, defaultLimits } from "./limits.ts";
import type { Verdict } from "./verdict.ts";
import type { Database } from "./store/database.ts";
import { environmentState } from "./store/environment.ts";
import { countQueued, nextDueAt } from "./store/queue.ts";
import { liveSessions } from "./store/sessions.ts";
import { Admission, Allowance, EffectList, type Transaction } from "./transaction.ts";

/**
 * Everything an environment does. Commands and rows go in, rows and effects come out; no clock, no waiting, no sockets inside. The same
 * commands at the same times with the same chance give the same rows and effects.
 */
export interface Engine {
  /**
   * Executes the commands in their order as one transaction, then gives ready executions to agents in it. Returns after the commit, so that
   * whatever the result says may be told to anybody. Throws when nothing was kept: a FatalError when the process cannot go on, or the error of
   * SQLite when the disk is full or the file is busy (`storageFault` tells): then the same batch may be tried again.
   */
  execute(commands: readonly Command[], now: Ms): Executed;
  /** When `expire-due` is to be executed at the latest; null: never by itself. */
  nextDueAt(): Ms | null;
  activity(): Activity;
}

export interface Executed {
  /** One for each command, in their order. */
  readonly verdicts: readonly Verdict[];
  readonly effects: readonly Effect[];
  /** There is more to assign, or to change by what was decided, than one batch may: another one, even without commands, is to follow at once. */
  readonly hasMore: boolean;
}

/** What keeps the process of an environment up. */
export interface Activity {
  readonly state: "active" | "paused" | "archived";
  /** Sessions that have not ended, connected or not. */
  readonly sessions: number;
  readonly nextDueAt: Ms | null;
}

export interface EngineParts {
  readonly database: Database;
  readonly random: Random;
  /** Called for each command that threw: it was undone alone, and answered `internal`; and for each execution that was set aside. */
  readonly onBug: OnBug;
  readonly limits?: Partial<Limits>;
}

export function createEngine(parts: EngineParts): Engine {
  const { database: db, random, onBug } = parts;
  const limits: Limits = { ...defaultLimits, ...parts.limits };
  let lastSession = 0;

  const begin = (now: Ms): Transaction => {
    const admission = new Admission(() => limits.queueLength - countQueued(db, limits.queueLength));
    const sweeping = new Allowance(limits.sweptPerTurn);
    return { db, now, random, limits, effects: new EffectList(), admission, sweeping, onBug: null };
  };

  const executeBatch = (runBatch: (tx: Transaction) => Batch, now: Ms): Executed =>
    db.transaction(() => {
      const tx = begin(now);
      const { verdicts, assigned } = runBatch(tx);
      lastSession = assigned.lastSession;
      return { verdicts, effects: tx.effects.all(), hasMore: assigned.hasMore };
    });

  return {
    execute(commands, now) {
      try {
        return executeBatch((tx) => runPlainly(tx, commands, lastSession), now);
      } catch (error) {
        if (!isBug(error)) throw error;
        return executeBatch((tx) => runGuarded(tx, commands, { lastSession, onBug }), now);
      }
    },
    nextDueAt: () => nextDueAt(db),
    activity: () => ({ state: environmentState(db), sessions: liveSessions(db).length, nextDueAt: nextDueAt(db) }),
  };
}
