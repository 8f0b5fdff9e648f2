import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import BetterSqlite3 from "better-sqlite3";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { READER_IDLE_MS, READS_WAITING, READ_LIMIT_MS } from "../../src/orchestrator/limits.ts";
import { createReaderThread } from "../../src/orchestrator/reader-thread.ts";
import type { JsonText } from "../../src/orchestrator/json-text.ts";
import type { Reader } from "../../src/orchestrator/reader.ts";
import type { Query } from "../../src/orchestrator/reading.ts";
import { createTopics } from "../../src/orchestrator/topics.ts";
import type { Log } from "../../src/process/log.ts";
import { buildOrchestrator } from "../support/orchestrator-process.ts";
import { type VirtualTime, virtualTime } from "../support/virtual-time.ts";
import { type EngineUnderTest, openEngine } from "./open-engine.ts";

let worker: URL;
let directory: string;
let under: EngineUnderTest;
let time: VirtualTime;
let errors: string[];
let readers: Reader[];
beforeAll(async () => {
  worker = pathToFileURL(join(dirname(await buildOrchestrator()), "reader-worker.js"));
});
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "coflux-reader-"));
  under = openEngine();
  time = virtualTime();
  errors = [];
  readers = [];
});
afterEach(async () => {
  await Promise.all(readers.map((reader) => reader.close()));
  under.close();
  rmSync(directory, { recursive: true });
});

function thread(options: { readonly file?: URL; readonly path?: string } = {}): Reader {
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (fields, message) => errors.push(`${message} ${JSON.stringify(fields)}`),
    child: () => log,
  };
  const reader = createReaderThread({
    file: options.file ?? worker,
    path: options.path ?? under.db.path,
    timers: time.timers,
    log,
    fatal: (code) => {
      throw new Error(code);
    },
  });
  readers.push(reader);
  return reader;
}

/** A thread that does what this program says instead of reading. */
function threadRunning(program: string): Reader {
  const file = join(directory, "worker.mjs");
  writeFileSync(file, program);
  return thread({ file: pathToFileURL(file) });
}

const agents: Query = { kind: "read", read: { name: "list-agents", params: {} } };
const next: Query = { kind: "next-event", subscription: 1, topic: "agents" };

async function answerOf(reader: Reader, query: Query): Promise<unknown> {
  const { result } = await reader.ask(query);
  if (!result.ok) return result.error.code;
  return result.value.json && JSON.parse(Buffer.concat(result.value.json).toString());
}

describe("the reader's thread", () => {
  test("answers in order, and sees what was committed before it was asked", async () => {
    const reader = thread();
    const first = answerOf(reader, agents);
    under.engine.execute([{ kind: "open-session", agent: { pid: 1, host: "h", version: "1", node: "20" } }], 5);
    expect(await first).toMatchObject({ agents: expect.any(Array) });
    expect(await answerOf(reader, agents)).toMatchObject({ agents: [{ host: "h" }] });
  });

  test("keeps what a subscription was told", async () => {
    const reader = thread();
    expect(await answerOf(reader, next)).toEqual({ kind: "value", version: 1, value: { agents: [] } });
    expect(await answerOf(reader, next)).toBeNull();
    under.engine.execute([{ kind: "open-session", agent: { pid: 1, host: "h", version: "1", node: "20" } }], 5);
    expect(await answerOf(reader, next)).toMatchObject({ kind: "patch", version: 2 });
  });

  test("answers a bug by `internal`, and goes on", async () => {
    const path = join(directory, "other.db");
    const database = new BetterSqlite3(path);
    database.exec("CREATE TABLE something (id)");
    const reader = thread({ path });
    expect(await answerOf(reader, agents)).toBe("internal");
    expect(await answerOf(reader, agents)).toBe("internal");
    expect(errors).toHaveLength(2);
    expect(errors[0]).toContain("SQLITE_ERROR: SqliteError: no such table");
    database.close();
  });

  test("that cannot start fails whoever asked, and is tried again by the next", async () => {
    const reader = thread({ path: join(directory, "none.db") });
    expect(await Promise.all([answerOf(reader, agents), answerOf(reader, next)])).toEqual(["internal", "internal"]);
    new BetterSqlite3(join(directory, "none.db")).exec("CREATE TABLE x (y)").close();
    expect(await answerOf(reader, agents)).toBe("internal"); // It has started: the table is missing now.
    expect(errors).toHaveLength(2);
    expect(errors[0]).toContain("the reader's thread failed: SQLITE_CANTOPEN: unable to open database file");
  });

  test("that hangs is given up, and so are those who ask for too much at once", async () => {
    const reader = threadRunning(
      `import { parentPort } from "node:worker_threads"; parentPort.on("message", () => {});`,
    );
    const waiting = Array.from({ length: READS_WAITING }, () => answerOf(reader, agents));
    expect(await answerOf(reader, agents)).toBe("overloaded");
    time.advance(2 * READ_LIMIT_MS);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["overloaded"]));
  });

  test("ends when nobody has asked anything for a while and nobody watches; subscriptions then begin again", async () => {
    const reader = thread();
    await answerOf(reader, agents);
    expect(time.pending()).toBe(1);
    time.advance(READER_IDLE_MS);
    expect(time.pending()).toBe(0);
    expect(await answerOf(reader, next)).toMatchObject({ kind: "value", version: 1 });
    expect(time.pending()).toBe(0); // Somebody watches: it stays.
    await reader.ask({ kind: "end-subscription", subscription: 1 });
    time.advance(READER_IDLE_MS);
    expect(await answerOf(reader, next)).toMatchObject({ kind: "value", version: 1 });
    expect(errors).toEqual([]);
  });

  test("does not stay for a live view that has ended by itself", async () => {
    const reader = thread();
    const events: unknown[] = [];
    const port = { sendEvent: (_: number, json: JsonText) => events.push(json), hasCredit: () => true };
    const topics = createTopics({ reader, port, clock: time.clock, timers: time.timers });
    topics.subscribe(1, "run/Rbcdfghjk");
    while (events.length === 0) await answerOf(reader, agents);
    await answerOf(reader, agents);
    expect(topics.count()).toBe(0);
    expect(time.pending()).toBe(1); // The end of the thread.
  });

  test("tells whoever still waits at a stop", async () => {
    const reader = threadRunning(
      `import { parentPort } from "node:worker_threads"; parentPort.on("message", () => {});`,
    );
    const waiting = answerOf(reader, agents);
    await reader.close();
    expect(await waiting).toBe("shutting_down");
  });
});
