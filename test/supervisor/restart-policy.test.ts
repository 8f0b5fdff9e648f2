import { describe, expect, test } from "vitest";
import type { Random } from "../../src/base/random.ts";
import type { FatalCode } from "../../src/protocol/supervisor-messages.ts";
import { defaultLimits } from "../../src/supervisor/limits.ts";
import {
  type RestartDecision,
  type RestartHistory,
  decideRestart,
  noHistory,
} from "../../src/supervisor/restart-policy.ts";

const always = (value: number): Random => ({ next: () => value });
const middle = always(0.5); // No jitter.

interface End {
  readonly at?: number;
  readonly readyMs?: number | null;
  readonly fatal?: FatalCode | null;
  readonly isOwnFault?: boolean;
}

/** The decisions that follow one end after the other. */
function decisions(ends: readonly End[], random = middle): RestartDecision[] {
  let history: RestartHistory = noHistory;
  return ends.map(({ at = 0, readyMs = 1_000, fatal = null, isOwnFault = false }) => {
    const next = decideRestart(history, { readyMs, fatal, isOwnFault }, at, defaultLimits, random);
    history = next.history;
    return next.decision;
  });
}

const delays = (found: readonly RestartDecision[]): (number | string)[] =>
  found.map((decision) => (decision.kind === "restart" ? decision.delayMs : decision.reason));

describe("a child that ends after it was ready", () => {
  test("is restarted at once, then after 0.2 s, doubled up to 30 s, and never given up", () => {
    const found = decisions(Array.from({ length: 12 }, () => ({})));
    expect(delays(found)).toEqual([0, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000, 30_000]);
  });

  test("is restarted at once again after 60 s of readiness, not after 59", () => {
    expect(delays(decisions([{}, {}, { readyMs: 59_999 }, { readyMs: 60_000 }, {}]))).toEqual([0, 200, 400, 0, 200]);
  });

  test.each([
    [0, 160],
    [0.5, 200],
    [0.999_999, 240],
  ])("with chance %d the second delay is %d ms: give or take a fifth", (chance, delayMs) => {
    expect(delays(decisions([{}, {}], always(chance)))).toEqual([0, delayMs]);
  });
});

describe("a child that ends before it is ready", () => {
  const failedStart = (at: number): End => ({ at, readyMs: null });

  test("is in quarantine at the eighth time within ten minutes", () => {
    const found = decisions(Array.from({ length: 8 }, (_, index) => failedStart(index * 85_000)));
    expect(found.map(({ kind }) => kind)).toEqual([...Array.from({ length: 7 }, () => "restart"), "quarantine"]);
    expect(found.at(-1)).toMatchObject({ reason: "8 starts failed within 10 minutes" });
  });

  test("is restarted for ever when its failures are ten minutes apart", () => {
    const found = decisions(Array.from({ length: 30 }, (_, index) => failedStart(index * 600_000)));
    expect(found.every(({ kind }) => kind === "restart")).toBe(true);
  });

  test("is not in quarantine for the ends of processes that had been ready and that others killed", () => {
    const found = decisions(
      Array.from({ length: 20 }, (_, index) => (index % 3 === 0 ? failedStart(index) : { at: index })),
    );
    expect(found.slice(0, 19).every(({ kind }) => kind === "restart")).toBe(true);
  });
});

describe("a child that crashes after it was ready", () => {
  const crash = (readyMs: number): End => ({ readyMs, isOwnFault: true });

  test("has failed to start if that was within 60 s: it is in quarantine at the eighth time", () => {
    const found = decisions(Array.from({ length: 8 }, (_, index) => ({ ...crash(59_999), at: index * 85_000 })));
    expect(found.map(({ kind }) => kind)).toEqual([...Array.from({ length: 7 }, () => "restart"), "quarantine"]);
  });

  test("is restarted for ever if that was later", () => {
    const found = decisions(Array.from({ length: 30 }, () => crash(60_000)));
    expect(new Set(delays(found))).toEqual(new Set([0]));
  });
});

describe("the reason of an end decides", () => {
  test.each<[FatalCode, number | string]>([
    ["corrupt_database", "its database is corrupt"],
    ["newer_schema", "its database was written by a newer version"],
    ["history_regressed", "its database has lost what was acknowledged"],
    ["storage_failed", 0],
    ["locked", 0],
    ["bug", 0],
  ])("%s: %s", (fatal, outcome) => {
    expect(delays(decisions([{ readyMs: null, fatal }]))).toEqual([outcome]);
    expect(delays(decisions([{ fatal }]))).toEqual([outcome]);
  });

  test("a disk that fails twice is not asked a third time", () => {
    expect(delays(decisions([{ fatal: "storage_failed" }, { fatal: "storage_failed" }]))).toEqual([
      0,
      "its storage failed 2 times",
    ]);
  });
});
