import { describe, expect, test } from "vitest";
import type { ExecutorMessage } from "../../src/protocol/executor-messages.ts";
import { LOG_TEXT_LIMIT } from "../../src/protocol/limits.ts";
import {
  LOG_BATCH_ENTRIES,
  LOG_BATCH_MS,
  LOG_CHARACTERS_PER_SECOND,
  LOG_ENTRIES_PER_SECOND,
} from "../../src/executor/limits.ts";
import { createLogBook } from "../../src/executor/log-book.ts";
import { virtualTime } from "../support/virtual-time.ts";

function book() {
  const time = virtualTime(5_000);
  const sent: ExecutorMessage[] = [];
  const logBook = createLogBook({ clock: time.clock, timers: time.timers, send: (message) => sent.push(message) });
  const entries = () => sent.flatMap((message) => (message.kind === "logs" ? message.entries : []));
  return { time, sent, logBook, entries };
}

describe("log lines", () => {
  test("leave together after a moment, numbered for each execution, with their time", () => {
    const { time, sent, logBook, entries } = book();
    logBook.write("a", "info", "one {n}", `{"n":1}`);
    logBook.write("b", "stdout", "two", null);
    time.advance(10);
    logBook.write("a", "error", "three", null);
    expect(sent).toEqual([]);
    time.advance(LOG_BATCH_MS);
    expect(sent).toHaveLength(1);
    expect(entries()).toEqual([
      { execution: "a", sequence: 1, timestamp: 5_000, level: 2, template: "one {n}", values: `{"n":1}` },
      { execution: "b", sequence: 1, timestamp: 5_000, level: 1, template: "two", values: null },
      { execution: "a", sequence: 2, timestamp: 5_010, level: 5, template: "three", values: null },
    ]);
  });

  test("leave at once when there are many, or when their execution ends", () => {
    const { sent, logBook, entries } = book();
    for (let line = 0; line < LOG_BATCH_ENTRIES; line++) logBook.write("a", "info", "line", null);
    expect(sent).toHaveLength(1);
    logBook.write("a", "info", "last", null);
    logBook.end("a");
    expect(entries().at(-1)?.template).toBe("last");
    logBook.end("a");
    expect(sent).toHaveLength(2);
  });

  test("that are too long are cut and marked; values that are too large are left out", () => {
    const { logBook, entries } = book();
    logBook.write("a", "info", "x".repeat(LOG_TEXT_LIMIT + 100), null);
    logBook.write("a", "info", "large", `{"a":"${"x".repeat(LOG_TEXT_LIMIT)}"}`);
    logBook.end("a");
    const [long, large] = entries();
    expect(long?.template).toHaveLength(LOG_TEXT_LIMIT);
    expect(long?.template).toMatch(/… \(100 more characters\)$/);
    expect(large).toMatchObject({ template: expect.stringContaining("values too large"), values: null });
  });

  test("that are longer than all that an execution may log in a second are cut like others", () => {
    const { logBook, entries } = book();
    logBook.write("a", "stdout", "x".repeat(LOG_CHARACTERS_PER_SECOND * 2), null);
    logBook.write("a", "stdout", "next", null);
    logBook.end("a");
    expect(entries().map(({ template }) => template.length)).toEqual([LOG_TEXT_LIMIT, 4]);
  });

  test("of a flood are dropped and counted, in each second anew", () => {
    const { time, logBook, entries } = book();
    const flood = (lines: number): void => {
      for (let line = 0; line < lines; line++) logBook.write("a", "info", "x", null);
    };
    flood(LOG_ENTRIES_PER_SECOND + 5);
    time.advance(1_000);
    flood(1);
    logBook.write("b", "info", "of another", null);
    logBook.end("a");
    logBook.end("b");
    const all = entries();
    expect(all).toHaveLength(LOG_ENTRIES_PER_SECOND + 3);
    const told = all.find(({ template }) => template.includes("were dropped"));
    expect(told?.values).toContain(`"dropped":5`);
    const sequences = all.filter(({ execution }) => execution === "a").map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  });

  test("of a flood of characters are dropped too", () => {
    const { logBook, entries } = book();
    for (let line = 0; line < 100; line++) logBook.write("a", "info", "x".repeat(10_000), null);
    logBook.end("a");
    expect(entries().length).toBeLessThan(30);
    expect(entries().at(-1)?.template).toContain("were dropped");
  });
});
