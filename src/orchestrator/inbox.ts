import type { Cancel, Clock, Timers } from "../base/clock.ts";
import { errorText } from "../base/error-text.ts";
import type { FatalCode } from "../protocol/supervisor-messages.ts";
import type { Log } from "../process/log.ts";
import type { Command } from "./command.ts";
import type { Effect } from "./effect.ts";
import type { Engine, Executed } from "./engine.ts";
import { BATCH_BYTES, BATCH_COMMANDS, LOG_LINES_OF_A_COMMAND, STORAGE_RETRY_MS } from "./limits.ts";
import { type Verdict, rejected } from "./verdict.ts";
import { FatalError } from "./store/fatal-error.ts";
import { storageFault } from "./store/sqlite-errors.ts";

// Everything that arrived in one turn of the event loop becomes one transaction, and only when that is committed does anybody hear of it.
//
//   open      commands are executed at the end of the turn in which they came
//   blocked   the disk is full, or another program holds the file: nothing is acknowledged. Clients are told that the disk is full; what
//             agents sent is kept and tried again, and the credit of the link bounds how much that can be
//   drained   what had come was executed, and nothing more is taken

/** Called with the verdict of a command after its commit, in the order of the commands and before the effects are released. */
export type Settle<C extends Command> = (verdict: Verdict<C["kind"]>, command: C) => void;

interface Entry {
  readonly command: Command;
  readonly settle: Settle<Command>;
  /** It can be told to come back; otherwise the command is kept until it can be committed. */
  readonly isFromClient: boolean;
}

/** The end of a frame: its size, and what is to happen once all that came before is committed. */
interface Mark {
  readonly bytes: number;
  readonly onCommit: () => void;
}

export interface Inbox {
  /** For what an agent or this process itself has to say: kept until it can be committed. */
  add<C extends Command>(command: C, settle: Settle<C>): void;
  /** For a client, who is told when nothing can be committed. */
  ask<C extends Command>(command: C, settle: Settle<C>): void;
  /** Calls back once everything that was added so far is committed; at once if there is nothing. `bytes` count towards the batch. */
  mark(bytes: number, onCommit: () => void): void;
  /** Executes what is there, at once, and takes nothing more. Gives up when the database is blocked. */
  drain(): void;
}

export interface InboxParts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** Runs something once all that has arrived is read: setImmediate. */
  readonly endOfTurn: (run: () => void) => void;
  /** What follows from a committed batch. */
  readonly release: (effects: readonly Effect[]) => void;
  /** The database can no longer be trusted: ends the process. */
  readonly fatal: (code: FatalCode, message: string) => never;
}

export function createInbox(parts: InboxParts): Inbox {
  const { engine, clock, timers, log, endOfTurn, release, fatal } = parts;
  let waiting: (Entry | Mark)[] = [];
  let isScheduled = false;
  let isDrained = false;
  let blocked: { readonly isFull: boolean; readonly cancelRetry: Cancel } | null = null;

  const schedule = (): void => {
    if (isScheduled || isDrained) return;
    isScheduled = true;
    endOfTurn(() => {
      isScheduled = false;
      if (blocked === null && !isDrained) runBatch();
    });
  };

  const runBatch = (): void => {
    const batch = takeBatch();
    const entries = batch.filter((item) => "command" in item);
    const executed = execute(entries);
    if (executed === undefined) {
      waiting = [...batch, ...waiting];
      if (blocked?.isFull === true) refuseClients();
      return;
    }
    settleAll(batch, executed.verdicts);
    release(executed.effects);
    if (waiting.length > 0 || executed.hasMore) schedule();
  };

  const takeBatch = (): (Entry | Mark)[] => {
    let commands = 0;
    let bytes = 0;
    const end = waiting.findIndex((item) => {
      if ("command" in item) commands += weightOf(item.command);
      else bytes += item.bytes;
      return commands > BATCH_COMMANDS || bytes > BATCH_BYTES;
    });
    const batch = end === -1 ? waiting : waiting.slice(0, Math.max(1, end));
    waiting = end === -1 ? [] : waiting.slice(Math.max(1, end));
    return batch;
  };

  const execute = (entries: readonly Entry[]): Executed | undefined => {
    try {
      return engine.execute(
        entries.map(({ command }) => command),
        clock.now(),
      );
    } catch (error) {
      block(error);
      return undefined;
    }
  };

  /** Nothing of the batch was kept. Only what may pass by itself is waited for. */
  const block = (error: unknown): void => {
    if (error instanceof FatalError) return fatal(error.code, error.message);
    const fault = storageFault(error);
    if (fault === undefined) throw error;
    const reason = errorText(error);
    if (fault.kind === "fatal") return fatal(fault.code, `the database failed: ${reason}`);
    log.error({ reason, retryMs: STORAGE_RETRY_MS }, "nothing can be committed; trying again");
    const cancelRetry = timers.after(STORAGE_RETRY_MS, () => {
      unblock();
      runBatch();
      if (blocked === null) log.info({}, "commits succeed again");
    });
    blocked = { isFull: fault.kind === "full", cancelRetry };
  };

  const push = (entry: Entry): void => {
    waiting.push(entry);
    schedule();
  };

  const unblock = (): void => {
    blocked?.cancelRetry();
    blocked = null;
  };

  const refuseClients = (): void => {
    const isRefused = (item: Entry | Mark): item is Entry => "command" in item && item.isFromClient;
    const refused = waiting.filter(isRefused);
    waiting = waiting.filter((item) => !isRefused(item));
    for (const entry of refused) entry.settle(storageFull(), entry.command);
  };

  return {
    add: (command, settle) => push(entryOf(command, settle, false)),
    ask(command, settle) {
      if (blocked?.isFull === true) settle(storageFull(), command);
      else push(entryOf(command, settle, true));
    },
    mark(bytes, onCommit) {
      if (waiting.length === 0) return onCommit();
      waiting.push({ bytes, onCommit });
    },
    drain() {
      unblock();
      while (waiting.length > 0 && blocked === null) runBatch();
      unblock();
      isDrained = true;
    },
  };
}

/** The engine answers each command by a verdict of its kind: the two are typed by one table. */
function entryOf<C extends Command>(command: C, settle: Settle<C>, isFromClient: boolean): Entry {
  return { command, settle: settle as Settle<Command>, isFromClient };
}

/** As how many commands it counts: one message may bring a thousand lines of log. */
function weightOf(command: Command): number {
  return command.kind === "record-logs" ? Math.max(1, command.entries.length / LOG_LINES_OF_A_COMMAND) : 1;
}

function settleAll(batch: readonly (Entry | Mark)[], verdicts: readonly Verdict[]): void {
  let index = 0;
  for (const item of batch) {
    if ("onCommit" in item) {
      item.onCommit();
      continue;
    }
    const verdict = verdicts[index];
    index += 1;
    if (verdict === undefined) throw new Error(`${item.command.kind} has no verdict`);
    item.settle(verdict, item.command);
  }
}

function storageFull(): ReturnType<typeof rejected> {
  return rejected(
    "storage_full",
    "the disk of this environment is full: nothing was changed; try again when there is room",
  );
}
