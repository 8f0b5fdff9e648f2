import type { Command, CommandKind, CommandOf } from "./command.ts";
import { refuse } from "./commands/callers.ts";
import { commandTable } from "./commands/command-table.ts";
import { isolated } from "./isolated.ts";
import { type Verdict, rejected } from "./verdict.ts";
import type { Transaction } from "./transaction.ts";
import { type AssignedReady, assignReady } from "./transitions/assign-ready.ts";

// Two ways to run the same batch. The plain one is for speed; after a bug in it everything is undone, and the guarded one finds out which
// command it was and does without that one; or which execution, and sets that aside (on-its-own.ts).

export interface Batch {
  readonly verdicts: readonly Verdict[];
  readonly assigned: AssignedReady;
}

export type OnBug = (error: unknown, during: CommandKind | "assign-ready" | `execution ${string}`) => void;

/** Whatever throws is to undo the whole batch. */
export function runPlainly(tx: Transaction, commands: readonly Command[], lastSession: number): Batch {
  const verdicts = commands.map((command) => handle(tx, command.kind, command));
  return { verdicts, assigned: assignReady(tx, lastSession) };
}

/** What throws is undone alone. */
export function runGuarded(
  plain: Transaction,
  commands: readonly Command[],
  { lastSession, onBug }: { readonly lastSession: number; readonly onBug: OnBug },
): Batch {
  const tx = { ...plain, onBug };
  const verdicts = commands.map((command) => handleGuarded(tx, command, onBug));
  const assigned = isolated(tx, (inner) => assignReady(inner, lastSession));
  if (!assigned.ok) onBug(assigned.error, "assign-ready");
  return { verdicts, assigned: assigned.ok ? assigned.value : { lastSession, hasMore: false } };
}

function handleGuarded(tx: Transaction, command: Command, onBug: OnBug): Verdict {
  const done = isolated(tx, (inner) => handle(inner, command.kind, command));
  if (done.ok) return done.value;
  onBug(done.error, command.kind);
  const message = `a bug in the server met ${command.kind}; the server's log has the details`;
  const standIn = isolated(tx, (inner) => answerInstead(inner, command, message));
  if (!standIn.ok) onBug(standIn.error, command.kind);
  return rejected("internal", message);
}

/** Nobody may wait for ever for what a bug swallowed: neither running code for an answer, nor anybody for the end of an execution. */
function answerInstead(tx: Transaction, command: Command, message: string): void {
  switch (command.kind) {
    case "submit-call":
    case "await-execution":
    case "cancel-executions":
      refuse(tx, command, { code: "internal", message });
      return;
    case "report-outcome":
    case "report-stopped": {
      const { session, execution } = command;
      const hasStopped = command.kind === "report-stopped" || command.hasStopped;
      const outcome = { kind: "abandoned", reason: message } as const;
      handle(tx, "report-outcome", {
        kind: "report-outcome",
        session,
        execution,
        outcome,
        hasStopped,
        mayRetry: false,
        retryAfterMs: null,
      });
      return;
    }
    default:
      return;
  }
}

function handle<K extends CommandKind>(tx: Transaction, kind: K, command: CommandOf<K>): Verdict<K> {
  return commandTable[kind](tx, command);
}
