import { statSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Checkpoints, createCheckpoints } from "../../src/orchestrator/checkpoints.ts";
import {
  CHECKPOINT_PASSIVE_MS,
  CHECKPOINT_TRUNCATE_MS,
  WAL_ALARM_BYTES,
  WAL_LOOK_MS,
} from "../../src/orchestrator/limits.ts";
import { openReader } from "../../src/orchestrator/store/open.ts";
import type { Log } from "../../src/process/log.ts";
import { type VirtualTime, virtualTime } from "../support/virtual-time.ts";
import { type EngineUnderTest, openEngine } from "./open-engine.ts";

let under: EngineUnderTest;
let time: VirtualTime;
let checkpoints: Checkpoints;
let warnings: string[];
let reported: number | null;
beforeEach(() => {
  under = openEngine();
  time = virtualTime();
  warnings = [];
  reported = null;
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (_fields, message) => warnings.push(message),
    error: () => undefined,
    child: () => log,
  };
  checkpoints = createCheckpoints({
    database: under.db,
    ...time,
    log,
    walBytes: () => reported ?? walBytes(),
    fatal: (code) => {
      throw new Error(code);
    },
  });
});
afterEach(() => under.close());

const walBytes = (): number => statSync(`${under.db.path}-wal`).size;

function commit(): void {
  under.engine.execute([{ kind: "open-session", agent: { pid: 1, host: "h", version: "1", node: "20" } }], 5);
  checkpoints.touch();
}

describe("the write-ahead log", () => {
  test("is emptied once it has been quiet for a while", () => {
    commit();
    expect(walBytes()).toBeGreaterThan(0);
    time.advance(CHECKPOINT_PASSIVE_MS);
    expect(walBytes()).toBeGreaterThan(0);
    time.advance(CHECKPOINT_TRUNCATE_MS);
    expect(walBytes()).toBe(0);
    expect(time.pending()).toBe(0);
  });

  test("is left alone while there are commits, however many, at the cost of one timer", () => {
    for (let count = 0; count < 100; count++) {
      commit();
      time.advance(CHECKPOINT_PASSIVE_MS - 1);
      expect(time.pending()).toBe(1);
    }
    expect(walBytes()).toBeGreaterThan(0);
  });

  test("that was moved into the file begins anew with the next commit", () => {
    commit();
    time.advance(CHECKPOINT_PASSIVE_MS);
    commit();
    time.advance(CHECKPOINT_PASSIVE_MS + CHECKPOINT_TRUNCATE_MS);
    expect(walBytes()).toBe(0);
  });

  test("that somebody reads is left for later, and nothing ends by it", () => {
    commit();
    const reader = openReader(under.db.path);
    reader.run("BEGIN");
    reader.all("SELECT * FROM sessions");
    commit();
    time.advance(CHECKPOINT_PASSIVE_MS + CHECKPOINT_TRUNCATE_MS);
    expect(walBytes()).toBeGreaterThan(0);
    reader.close();
    commit();
    time.advance(CHECKPOINT_PASSIVE_MS + CHECKPOINT_TRUNCATE_MS);
    expect(walBytes()).toBe(0);
  });

  test("that has grown large is reported", () => {
    reported = WAL_ALARM_BYTES + 1;
    commit();
    expect(warnings).toEqual([]);
    time.advance(WAL_LOOK_MS + 1);
    commit();
    commit();
    expect(warnings).toHaveLength(1);
  });

  test("is not touched after a stop", () => {
    commit();
    checkpoints.stop();
    time.advance(CHECKPOINT_PASSIVE_MS + CHECKPOINT_TRUNCATE_MS);
    expect(walBytes()).toBeGreaterThan(0);
  });
});
