import { describe, expect, test } from "vitest";
import { createWakeUp } from "../../src/orchestrator/wake-up.ts";
import { virtualTime } from "../support/virtual-time.ts";

function wakeUp() {
  const time = virtualTime(0);
  const woken: number[] = [];
  let dueAt: number | null = null;
  const alarm = createWakeUp({
    ...time,
    nextDueAt: () => dueAt,
    onDue: () => {
      woken.push(time.clock.now());
      dueAt = null;
      alarm.update();
    },
  });
  const set = (at: number | null): void => {
    dueAt = at;
    alarm.update();
  };
  return { time, woken, set, alarm };
}

describe("what is due", () => {
  test("is looked at when its time has come, once", () => {
    const { time, woken, set } = wakeUp();
    set(5_000);
    time.advance(4_999);
    expect(woken).toEqual([]);
    time.advance(100_000);
    expect(woken).toEqual([5_000]);
  });

  test("is looked at at once when it is overdue", () => {
    const { time, woken, set } = wakeUp();
    time.advance(10_000);
    set(3_000);
    time.advance(0);
    expect(woken).toEqual([10_000]);
  });

  test("moves when something earlier or nothing is due", () => {
    const { time, woken, set } = wakeUp();
    set(9_000);
    set(2_000);
    time.advance(2_000);
    expect(woken).toEqual([2_000]);
    set(9_000);
    set(null);
    time.advance(1_000_000);
    expect(woken).toEqual([2_000]);
    expect(time.pending()).toBe(0);
  });

  test("may be months away", () => {
    const { time, woken, set } = wakeUp();
    const far = 90 * 86_400_000;
    set(far);
    time.advance(far - 1);
    expect(woken).toEqual([]);
    time.advance(1);
    expect(woken).toEqual([far]);
  });

  test("comes within a minute when the wall clock was set forward, and not before its time when it was set back", () => {
    const { time, woken, set } = wakeUp();
    set(3_600_000);
    time.setWallClock(3_600_000);
    time.advance(60_000);
    expect(woken).toHaveLength(1);
    set(7_200_000);
    time.setWallClock(0);
    time.advance(7_199_999);
    expect(woken).toHaveLength(1);
    time.advance(60_000);
    expect(woken).toHaveLength(2);
  });

  test("is not looked at after a stop", () => {
    const { time, woken, set, alarm } = wakeUp();
    set(1_000);
    alarm.stop();
    time.advance(10_000);
    expect(woken).toEqual([]);
  });
});
