import { describe, expect, test } from "vitest";
import { createLeaseWatch } from "../../src/orchestrator/lease-watch.ts";
import { virtualTime } from "../support/virtual-time.ts";

function watch(leaseMs = 100) {
  const time = virtualTime();
  const expired: [string, number][] = [];
  const leases = createLeaseWatch({ ...time, leaseMs }, (session) => expired.push([session, time.clock.monotonic()]));
  return { time, leases, expired };
}

describe("a lease", () => {
  test("ends so long after the last sign of life, never earlier", () => {
    const { time, leases, expired } = watch();
    leases.renew("a");
    time.advance(60);
    leases.renew("b");
    time.advance(39);
    expect(expired).toEqual([]);
    time.advance(1);
    expect(expired).toEqual([["a", 100]]);
    time.advance(60);
    expect(expired).toEqual([
      ["a", 100],
      ["b", 160],
    ]);
    expect(leases.count()).toBe(0);
  });

  test("never ends while its agent is heard", () => {
    const { time, leases, expired } = watch();
    for (let count = 0; count < 50; count++) {
      leases.renew("a");
      leases.renew("b");
      time.advance(99);
    }
    expect(expired).toEqual([]);
  });

  test("ends once, and not at all when the session has ended before", () => {
    const { time, leases, expired } = watch();
    leases.renew("a");
    leases.renew("b");
    leases.drop("b");
    time.advance(1_000);
    expect(expired).toEqual([["a", 100]]);
    leases.renew("c");
    time.advance(100);
    expect(expired.map(([session]) => session)).toEqual(["a", "c"]);
  });

  test("is not shortened by a wall clock that jumps", () => {
    const { time, leases, expired } = watch();
    leases.renew("a");
    time.setWallClock(10_000_000_000);
    time.advance(99);
    time.setWallClock(0);
    expect(expired).toEqual([]);
    time.advance(1);
    expect(expired).toHaveLength(1);
  });

  test("does not end by a stall of this process: what agents said meanwhile is read first", () => {
    const { time, leases, expired } = watch(5_000);
    leases.renew("heard");
    leases.renew("silent");
    time.stall(60_000);
    expect(expired).toEqual([]);
    leases.renew("heard"); // Its pings were waiting in the socket.
    time.advance(1_000);
    expect(expired.map(([session]) => session)).toEqual(["silent"]);
  });

  test("needs one timer for any number of sessions, and none for no session", () => {
    const { time, leases } = watch();
    for (let count = 0; count < 100; count++) leases.renew(`s${count}`);
    expect(time.pending()).toBe(1);
    time.advance(100);
    expect(time.pending()).toBe(0);
  });
});
