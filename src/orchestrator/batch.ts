import type { Command, CommandKind, CommandOf } from "./command.ts";
import { commandTable } from "./commands/command-table.ts";
import { type Outcome, rejected } from "./outcome.ts";
import { FatalError } from "./store/fatal-error.ts";
import { storageFault } from "./store/sqlite-errors.ts";
import { EffectList, type Transaction } from "./transaction.ts";
import { type AssignedReady, assignReady } from "./transitions/assign-ready.ts";

// Two ways to run the same batch. The plain one is for speed; after a bug in it everything is undone, and the guarded one finds out which
// command it was and does without that one.

export interface Batch {
  readonly outcomes: readonly Outcome[];
  readonly assigned: AssignedReady;
}

export type OnBug = (error: unknown, during: CommandKind | "assign-ready") => void;

/** Whatever throws is to undo the whole batch. */
export function runPlainly(tx: Transaction, commands: readonly Command[], lastSession: number): Batch {
  const outcomes = commands.map((command) => handle(tx, command.kind, command));
  return { outcomes, assigned: assignReady(tx, lastSession) };
}

/** What throws is undone alone. */
export function runGuarded(
  tx: Transaction,
  commands: readonly Command[],
  { lastSession, onBug }: { readonly lastSession: number; readonly onBug: OnBug },
): Batch {
  const outcomes = commands.map((command) => handleGuarded(tx, command, onBug));
  const assigned = isolated(tx, (inner) => assignReady(inner, lastSession));
  if (!assigned.ok) onBug(assigned.error, "assign-ready");
  return { outcomes, assigned: assigned.ok ? assigned.value : { lastSession, hasMore: false } };
}

/** Only what is neither the disk's fault nor a deliberate end of the process. */
export function isBug(error: unknown): boolean {
  return !(error instanceof FatalError) && storageFault(error) === undefined;
}

function handleGuarded(tx: Transaction, command: Command, onBug: OnBug): Outcome {
  const done = isolated(tx, (inner) => handle(inner, command.kind, command));
  if (done.ok) return done.value;
  onBug(done.error, command.kind);
  const message = `a bug in the server met ${command.kind}; the server's log has the details`;
  const standIn = isolated(tx, (inner) => answerInstead(inner, command, message));
  if (!standIn.ok) onBug(standIn.error, command.kind);
  return rejected("internal", message);
}

/** Nobody may wait for ever for what a bug swallowed: neither running code for an answer, nor a caller for the end of an execution. */
function answerInstead(tx: Transaction, command: Command, message: string): void {
  switch (command.kind) {
    case "submit-call":
    case "await-execution":
    case "cancel-executions": {
      const { session, request, caller } = command;
      return tx.effects.send(session, { kind: "refused", request, caller, code: "internal", message });
    }
    case "report-outcome": {
      const outcome = { kind: "abandoned", reason: message } as const;
      handle(tx, command.kind, { ...command, outcome, mayRetry: false });
      return;
    }
    default:
      return;
  }
}

type Isolated<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** Runs `body` so that its rows and effects are kept together, or neither. */
function isolated<T>(tx: Transaction, body: (inner: Transaction) => T): Isolated<T> {
  const inner = { ...tx, effects: new EffectList() };
  try {
    const value = tx.db.savepoint(() => body(inner));
    tx.effects.absorb(inner.effects);
    return { ok: true, value };
  } catch (error) {
    if (!isBug(error)) throw error;
    return { ok: false, error };
  }
}

function handle<K extends CommandKind>(tx: Transaction, kind: K, command: CommandOf<K>): Outcome<K> {
  return commandTable[kind](tx, command);
}
