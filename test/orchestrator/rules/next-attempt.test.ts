import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../src/base/random.ts";
import { nextAttempt } from "../../../src/orchestrator/rules/next-attempt.ts";

const random = seededRandom(1);
const policy = (limit: number | null, backoffMinMs = 0, backoffMaxMs = backoffMinMs) => ({
  limit,
  backoffMinMs,
  backoffMaxMs,
});
const failed = { failuresBefore: 0, mayRetry: true, retryAfterMs: null };

describe("the next attempt", () => {
  test.each([
    [0, 300],
    [1, 375],
    [2, 450],
    [3, 525],
    [4, 600],
  ])("of five retries between 300 and 600 ms, after %i failures before, comes in %i ms", (failuresBefore, wait) => {
    const next = nextAttempt({ ...failed, policy: policy(5, 300, 600), failuresBefore }, 1_000, random);
    expect(next).toEqual({ kind: "retry", dueAt: 1_000 + wait });
  });

  test.each([
    ["without a policy", { policy: null }],
    ["with a limit of none", { policy: policy(0) }],
    ["when the limit is reached", { policy: policy(5), failuresBefore: 5 }],
    ["when its author said that it may not", { policy: policy(5), mayRetry: false }],
    ["when its author said so, whatever it asked for", { policy: policy(null), mayRetry: false, retryAfterMs: 5 }],
  ])("does not come %s", (_, change) => {
    expect(nextAttempt({ ...failed, ...change }, 0, random)).toEqual({ kind: "give-up" });
  });

  test("comes after the least back-off when there is one retry only", () => {
    expect(nextAttempt({ ...failed, policy: policy(1, 100, 900) }, 0, random)).toEqual({ kind: "retry", dueAt: 100 });
  });

  test.each([
    [50, 100],
    [100, 100],
    [2_000, 2_000],
  ])("comes no sooner than asked for: %i ms with a back-off of 100 ms is %i ms", (retryAfterMs, wait) => {
    const next = nextAttempt({ ...failed, policy: policy(3, 100), retryAfterMs }, 0, random);
    expect(next).toEqual({ kind: "retry", dueAt: wait });
  });

  test("comes anywhere between the bounds when there is no limit, however often it failed", () => {
    const waits = Array.from({ length: 200 }, (_, failuresBefore) => {
      const next = nextAttempt({ ...failed, policy: policy(null, 100, 200), failuresBefore }, 0, random);
      return next.kind === "retry" ? next.dueAt : -1;
    });
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...waits)).toBeLessThanOrEqual(200);
    expect(new Set(waits).size).toBeGreaterThan(20);
  });
});
