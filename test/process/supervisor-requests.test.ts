import { beforeEach, expect, test } from "vitest";
import type { Failure } from "../../src/protocol/error-codes.ts";
import type { Result } from "../../src/base/result.ts";
import { type SupervisorRequests, createSupervisorRequests } from "../../src/process/supervisor-requests.ts";
import { type VirtualTime, virtualTime } from "../support/virtual-time.ts";

let time: VirtualTime;
let asked: number[];
let requests: SupervisorRequests;

beforeEach(() => {
  time = virtualTime();
  asked = [];
  requests = createSupervisorRequests(time.timers, (message) => {
    if (message.kind === "request") asked.push(message.id);
  });
});

const restart = () => requests.request("restart-environment", { project: "default", environment: "development" });

/** How it stands by now. */
async function now(request: Promise<Result<unknown, Failure>>): Promise<unknown> {
  const result = await Promise.race([request, Promise.resolve(null)]);
  if (result === null) return "open";
  return result.ok ? result.value : result.error.code;
}

test("a request is answered by its own reply, in whatever order they come", async () => {
  const [first, second] = [restart(), restart()];
  requests.answered(asked[1] ?? 0, { ok: true, value: "second" });
  requests.answered(asked[0] ?? 0, { ok: true, value: "first" });
  expect([await now(first), await now(second)]).toEqual(["first", "second"]);
});

test("a request waits for as long as the supervisor says anything", async () => {
  const request = restart();
  for (let seconds = 0; seconds < 60; seconds += 1) {
    time.advance(1_000);
    requests.heard();
  }
  expect(await now(request)).toBe("open");
});

test("a request of a supervisor that has stopped is given up after 10 s, and what it says later is nobody's", async () => {
  const [read, change] = [requests.request("list-projects", {}), restart()];
  time.advance(9_000);
  expect(await now(read)).toBe("open");
  time.advance(1_000);
  expect([await now(read), await now(change)]).toEqual(["overloaded", "outcome_unknown"]);
  requests.answered(asked[0] ?? 0, { ok: true, value: "late" });
  const next = restart();
  time.advance(9_000);
  expect(await now(next)).toBe("open");
});

test("a stall of this process itself is not the supervisor's silence", async () => {
  const request = restart();
  time.advance(5_000);
  time.stall(600_000);
  expect(await now(request)).toBe("open");
});

test("nothing is looked at while nothing is asked", () => {
  void restart();
  requests.answered(asked[0] ?? 0, { ok: true, value: null });
  time.advance(1_000);
  expect(time.pending()).toBe(0);
});
