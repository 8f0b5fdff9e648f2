import { describe, expect, test } from "vitest";
import type { Command } from "../../src/orchestrator/command.ts";
import type { Effect } from "../../src/orchestrator/effect.ts";
import type { Engine, Executed } from "../../src/orchestrator/engine.ts";
import { createInbox } from "../../src/orchestrator/inbox.ts";
import {
  BATCH_BYTES,
  BATCH_COMMANDS,
  LOG_LINES_OF_A_COMMAND,
  STORAGE_RETRY_MS,
} from "../../src/orchestrator/limits.ts";
import { FatalError } from "../../src/orchestrator/store/fatal-error.ts";
import type { Log } from "../../src/process/log.ts";
import { virtualTime } from "../support/virtual-time.ts";

const logless: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => logless,
};

const draining: Command = { kind: "session-draining", session: "S" };
const pausing: Command = { kind: "pause" };
const changed: Effect = { kind: "environment-changed" };

/** An inbox before an engine that does what the test says, and a record of everything in its order. */
function inboxUnderTest() {
  const time = virtualTime();
  const events: string[] = [];
  const turns: (() => void)[] = [];
  let fault: Error | null = null;
  let hasMore = false;
  const execute = (commands: readonly Command[]): Executed => {
    if (fault !== null) {
      events.push(`failed ${commands.length}`);
      throw fault;
    }
    events.push(`committed ${commands.length}`);
    return { verdicts: commands.map(() => ({ ok: true, value: null })), effects: [changed], hasMore };
  };
  const engine: Engine = {
    execute,
    nextDueAt: () => null,
    activity: () => ({ state: "active", sessions: 0, nextDueAt: null }),
  };
  const inbox = createInbox({
    engine,
    ...time,
    log: logless,
    endOfTurn: (run) => turns.push(run),
    release: (effects) => events.push(`released ${effects.length}`),
    fatal: (code) => {
      events.push(`fatal ${code}`);
      throw new Error(code);
    },
  });
  const settle = (name: string) => (verdict: { readonly ok: boolean; readonly error?: { readonly code: string } }) =>
    events.push(`${name} ${verdict.ok ? "ok" : verdict.error?.code}`);
  return {
    time,
    events,
    inbox,
    /** From an agent. */
    say: (name: string) => inbox.add(draining, settle(name)),
    ask: (name: string) => inbox.ask(pausing, settle(name)),
    endTurn: () => {
      for (const run of turns.splice(0)) run();
    },
    fail: (code: string | null) => {
      fault = code === null ? null : Object.assign(new Error(code), { code });
    },
    throws: (error: Error) => {
      fault = error;
    },
    more: (has: boolean) => {
      hasMore = has;
    },
    isQuiet: () => turns.length === 0,
  };
}

describe("the inbox", () => {
  test("makes one transaction of a turn, and nobody hears anything before its commit", () => {
    const { inbox, say, ask, events, endTurn } = inboxUnderTest();
    say("a");
    ask("b");
    inbox.mark(10, () => events.push("handled"));
    expect(events).toEqual([]);
    endTurn();
    expect(events).toEqual(["committed 2", "a ok", "b ok", "handled", "released 1"]);
  });

  test("commits a single message at the end of its own turn", () => {
    const { say, events, endTurn, isQuiet } = inboxUnderTest();
    say("a");
    endTurn();
    expect(events).toContain("a ok");
    expect(isQuiet()).toBe(true);
  });

  test("gives credit at once for what needs no commit", () => {
    const { inbox, events } = inboxUnderTest();
    inbox.mark(10, () => events.push("handled"));
    expect(events).toEqual(["handled"]);
  });

  test("puts what is too much for one transaction into the next turns", () => {
    const { say, events, endTurn } = inboxUnderTest();
    for (let count = 0; count < 2 * BATCH_COMMANDS + 1; count++) say("m");
    const commits = (): string[] => events.filter((event) => event.startsWith("committed"));
    endTurn();
    expect(commits()).toEqual([`committed ${BATCH_COMMANDS}`]);
    endTurn();
    endTurn();
    expect(commits()).toEqual([`committed ${BATCH_COMMANDS}`, `committed ${BATCH_COMMANDS}`, "committed 1"]);
  });

  test("counts lines of log towards a transaction", () => {
    const { inbox, events, endTurn } = inboxUnderTest();
    const entry = { execution: "R:1:1", sequence: 1, timestamp: 1, level: 2, template: "", values: null };
    const entries = Array<typeof entry>(1_000).fill(entry);
    for (let count = 0; count < 5; count++) inbox.add({ kind: "record-logs", session: "S", entries }, () => undefined);
    for (let count = 0; count < 2; count++) endTurn();
    const lines = BATCH_COMMANDS * LOG_LINES_OF_A_COMMAND;
    expect(events.filter((event) => event.startsWith("committed"))).toEqual([
      `committed ${lines / 1_000}`,
      `committed ${5 - lines / 1_000}`,
    ]);
  });

  test("counts the bytes of frames towards a transaction, and takes a large frame alone", () => {
    const { inbox, say, events, endTurn } = inboxUnderTest();
    for (let count = 0; count < 3; count++) {
      say("m");
      inbox.mark(BATCH_BYTES, () => events.push("handled"));
    }
    endTurn();
    expect(events.filter((event) => event === "handled")).toHaveLength(1);
    for (let count = 0; count < 5; count++) endTurn();
    expect(events.filter((event) => event === "handled")).toHaveLength(3);
  });

  test("goes on without commands while the engine has more to assign", () => {
    const { say, events, endTurn, more } = inboxUnderTest();
    more(true);
    say("a");
    endTurn();
    more(false);
    endTurn();
    expect(events).toEqual(["committed 1", "a ok", "released 1", "committed 0", "released 1"]);
  });

  test("on a full disk acknowledges nothing, keeps what agents sent, and goes on by itself when there is room", () => {
    const { inbox, say, ask, events, endTurn, fail, time } = inboxUnderTest();
    fail("SQLITE_FULL");
    say("a");
    ask("b");
    inbox.mark(10, () => events.push("handled"));
    endTurn();
    expect(events).toEqual(["failed 2", "b storage_full"]);
    say("c");
    ask("d");
    endTurn();
    expect(events).toEqual(["failed 2", "b storage_full", "d storage_full"]);
    time.advance(STORAGE_RETRY_MS);
    expect(events.at(-1)).toBe("failed 2");
    fail(null);
    events.length = 0;
    time.advance(STORAGE_RETRY_MS);
    expect(events).toEqual(["committed 2", "a ok", "handled", "c ok", "released 1"]);
    ask("e");
    endTurn();
    expect(events.at(-2)).toBe("e ok");
  });

  test("waits for another program that holds the file, callers too", () => {
    const { ask, events, endTurn, fail, time } = inboxUnderTest();
    fail("SQLITE_BUSY");
    ask("a");
    endTurn();
    fail(null);
    time.advance(STORAGE_RETRY_MS);
    expect(events).toEqual(["failed 1", "committed 1", "a ok", "released 1"]);
  });

  test.each([
    ["the disk fails", Object.assign(new Error("io"), { code: "SQLITE_IOERR_FSYNC" }), "storage_failed"],
    ["the file is damaged", Object.assign(new Error("bad"), { code: "SQLITE_CORRUPT_INDEX" }), "corrupt_database"],
    ["history has been lost", new FatalError("history_regressed", "gone"), "history_regressed"],
  ])("ends the process when %s", (_, error, code) => {
    const { say, events, endTurn, throws } = inboxUnderTest();
    throws(error);
    say("a");
    expect(endTurn).toThrow(code);
    expect(events.at(-1)).toBe(`fatal ${code}`);
  });

  test("does not hide a bug", () => {
    const { say, endTurn, throws } = inboxUnderTest();
    throws(new TypeError("a bug"));
    say("a");
    expect(endTurn).toThrow("a bug");
  });

  test("commits everything at a stop, and takes nothing after it", () => {
    const { inbox, say, events, endTurn } = inboxUnderTest();
    for (let count = 0; count < BATCH_COMMANDS + 1; count++) say("m");
    inbox.drain();
    expect(events.filter((event) => event === "m ok")).toHaveLength(BATCH_COMMANDS + 1);
    events.length = 0;
    say("late");
    endTurn();
    expect(events).toEqual([]);
  });
});
