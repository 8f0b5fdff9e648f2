import { describe, expect, test } from "vitest";
import type { Host } from "../../../src/orchestrator/rules/host.ts";
import { type WaitFacts, waitReason } from "../../../src/orchestrator/rules/wait-reason.ts";

const queued: WaitFacts = {
  status: "queued",
  attempt: 1,
  dueAt: 100,
  target: "flows/main",
  isAwaited: false,
  awaits: [],
  isPaused: false,
  hosts: [],
  holder: null,
};
const held = { status: "assigned", holder: { sessionId: "A", isConnected: true, isUnstarted: false } } as const;
const host = (sessionId: string, change: Partial<Host> = {}): Host => ({
  id: 1,
  sessionId,
  isDraining: false,
  freeSlots: 0,
  isSaturated: false,
  ...change,
});
const roomy = { freeSlots: 1, isSaturated: true };

describe("the reason why an execution does not run", () => {
  test.each([
    ["its delay", { dueAt: 300 }, { code: "delayed", until: 300 }],
    ["the back-off before a retry", { dueAt: 300, attempt: 2 }, { code: "retry_backoff", until: 300 }],
    ["the pause, also before its time has come", { dueAt: 300, isPaused: true }, { code: "environment_paused" }],
    ["the pause", { isPaused: true, hosts: [host("A")] }, { code: "environment_paused" }],
    ["that nobody hosts it", {}, { code: "no_agent", target: "flows/main" }],
    ["that its agents are full", { hosts: [host("A"), host("B")] }, { code: "agents_full", sessions: ["A", "B"] }],
    [
      "that its agents drain",
      { hosts: [host("A", { isDraining: true, freeSlots: 1 })] },
      { code: "agents_full", sessions: ["A"] },
    ],
    [
      "that too many wait where there is room",
      { hosts: [host("A"), host("B", roomy)] },
      { code: "waiting_limit", sessions: ["B"] },
    ],
    ["nothing, where an agent has room", { hosts: [host("A"), host("B", { freeSlots: 1 })] }, { code: "ready" }],
    [
      "nothing, where there is room for what others wait for",
      { hosts: [host("A", roomy)], isAwaited: true },
      { code: "ready" },
    ],
    ["what it waits for", { ...held, awaits: ["R:2:1"] }, { code: "waiting_for", executions: ["R:2:1"] }],
    [
      "that its agent is disconnected, whatever it waits for",
      { ...held, awaits: ["R:2:1"], holder: { sessionId: "A", isConnected: false, isUnstarted: true } },
      { code: "agent_disconnected", session: "A" },
    ],
    [
      "that its agent has not begun with it",
      { ...held, holder: { sessionId: "A", isConnected: true, isUnstarted: true } },
      { code: "not_started", session: "A" },
    ],
  ] as const)("is %s", (_, change, reason) => {
    expect(waitReason({ ...queued, ...change }, 200)).toEqual(reason);
  });

  test("is none while it runs", () => {
    expect(waitReason({ ...queued, ...held }, 200)).toBeNull();
  });

  test.each(["succeeded", "failed", "cancelled", "spawned"] as const)("is none when it is %s", (status) => {
    expect(waitReason({ ...queued, status }, 200)).toBeNull();
  });
});
