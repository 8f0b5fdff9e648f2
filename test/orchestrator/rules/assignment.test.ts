import { describe, expect, test } from "vitest";
import { type Candidate, assign } from "../../../src/orchestrator/rules/assignment.ts";
import type { Host } from "../../../src/orchestrator/rules/host.ts";

const candidate = (id: number, change: Partial<Candidate> = {}): Candidate => ({
  id,
  target: 1,
  priority: 0,
  dueAt: 0,
  isAwaited: false,
  neededBy: [],
  ...change,
});
const host = (id: number, freeSlots: number, isSaturated = false): Host => ({
  id,
  sessionId: `S${id}`,
  freeSlots,
  isSaturated,
  isDraining: false,
});
const draining = (id: number, freeSlots: number): Host => ({ ...host(id, freeSlots), isDraining: true });
const hosts = (...sessions: Host[]) => new Map([[1, sessions]]);
const sessionsOf = (assignments: ReturnType<typeof assign>) => assignments.map(({ host: { id } }) => id);
const executionsOf = (assignments: ReturnType<typeof assign>) => assignments.map(({ execution }) => execution);

describe("assignment", () => {
  test("goes by priority, then by due time, then by age", () => {
    const waiting = [
      candidate(1, { dueAt: 5 }),
      candidate(2, { dueAt: 4 }),
      candidate(3, { dueAt: 9, priority: 1 }),
      candidate(4, { dueAt: 4 }),
    ];
    expect(executionsOf(assign(waiting, hosts(host(1, 9)), 0))).toEqual([3, 2, 4, 1]);
  });

  test("prefers the session with the most free slots, counting what it has just been given", () => {
    const waiting = [1, 2, 3, 4, 5].map((id) => candidate(id));
    expect(sessionsOf(assign(waiting, hosts(host(1, 1), host(2, 3), host(3, 2)), 0))).toEqual([2, 3, 2, 3, 1]);
  });

  test.each([
    [0, [1, 2, 3]],
    [1, [2, 3, 1]],
    [2, [3, 1, 2]],
    [3, [1, 2, 3]],
    [7, [1, 2, 3]],
  ])("takes equals in turn: after session %i come %j", (last, expected) => {
    const waiting = [1, 2, 3].map((id) => candidate(id));
    expect(sessionsOf(assign(waiting, hosts(host(1, 1), host(2, 1), host(3, 1)), last))).toEqual(expected);
  });

  test("gives no session more than it has slots for", () => {
    const waiting = [1, 2, 3, 4].map((id) => candidate(id));
    expect(executionsOf(assign(waiting, hosts(host(1, 1), host(2, 2)), 0))).toEqual([1, 2, 3]);
  });

  test("passes over what nobody can take", () => {
    const waiting = [candidate(1, { target: 2, priority: 9 }), candidate(2)];
    expect(executionsOf(assign(waiting, hosts(host(1, 1)), 0))).toEqual([2]);
  });

  test("shares the slots of a session among the targets that it hosts", () => {
    const both = new Map([
      [1, [host(1, 2)]],
      [2, [host(1, 2)]],
    ]);
    const waiting = [candidate(1), candidate(2, { target: 2 }), candidate(3), candidate(4, { target: 2 })];
    expect(executionsOf(assign(waiting, both, 0))).toEqual([1, 2]);
  });

  test("gives a session that holds too many waiting executions only what others wait for", () => {
    const waiting = [candidate(1), candidate(2, { isAwaited: true }), candidate(3, { isAwaited: true })];
    expect(executionsOf(assign(waiting, hosts(host(1, 5, true)), 0))).toEqual([2, 3]);
    expect(sessionsOf(assign(waiting, hosts(host(1, 5, true), host(2, 1)), 0))).toEqual([2, 1, 1]);
  });

  test("gives a draining session only what its own executions wait for", () => {
    const waiting = [
      candidate(1),
      candidate(2, { isAwaited: true }),
      candidate(3, { isAwaited: true, neededBy: [2] }),
      candidate(4, { isAwaited: true, neededBy: [1, 2] }),
    ];
    expect(executionsOf(assign(waiting, hosts(draining(1, 5)), 0))).toEqual([4]);
  });

  test("prefers whoever stays, as long as there is room", () => {
    const waiting = [1, 2, 3].map((id) => candidate(id, { isAwaited: true, neededBy: [1] }));
    expect(sessionsOf(assign(waiting, hosts(draining(1, 5), host(2, 1), host(3, 1, true)), 0))).toEqual([2, 3, 1]);
  });
});
