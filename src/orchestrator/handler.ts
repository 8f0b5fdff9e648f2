import type { CommandKind, CommandOf } from "./command.ts";
import type { Verdict } from "./verdict.ts";
import type { Transaction } from "./transaction.ts";

/** Reads rows, asks rules, writes rows, and emits what should happen after the commit; never awaits. Throws only on a bug. */
export type Handler<K extends CommandKind> = (tx: Transaction, command: CommandOf<K>) => Verdict<K>;

/** A command without a handler does not compile. */
export type CommandTable = { readonly [K in CommandKind]: Handler<K> };
