import { expect, test } from "vitest";
import type { Timers } from "../../src/base/clock.ts";
import { createSpawnQueue } from "../../src/supervisor/spawn-queue.ts";

/** Timers that fire when they are told to. */
function handTimers(): Timers & { fire(): void } {
  const armed = new Set<() => void>();
  return {
    after(_delayMs, run) {
      armed.add(run);
      return () => armed.delete(run);
    },
    fire() {
      const due = Array.from(armed);
      armed.clear();
      for (const run of due) run();
    },
  };
}

test("two start at a time, the others in the order in which they came", () => {
  const queue = createSpawnQueue(2, 2_000, handTimers());
  const started: string[] = [];
  const loaded = new Map<string, () => void>();
  for (const name of ["a", "b", "c", "d"]) {
    queue.enter((done) => {
      started.push(name);
      loaded.set(name, done);
    });
  }
  expect(started).toEqual(["a", "b"]);
  loaded.get("b")?.();
  loaded.get("b")?.(); // Said twice, it counts once.
  expect(started).toEqual(["a", "b", "c"]);
  loaded.get("a")?.();
  expect(started).toEqual(["a", "b", "c", "d"]);
});

test("a start that hangs gives its slot back after a while", () => {
  const timers = handTimers();
  const queue = createSpawnQueue(1, 2_000, timers);
  const started: string[] = [];
  queue.enter(() => started.push("hangs"));
  queue.enter(() => started.push("next"));
  expect(started).toEqual(["hangs"]);
  timers.fire();
  expect(started).toEqual(["hangs", "next"]);
});

test("a start that is taken back does not happen", () => {
  const queue = createSpawnQueue(1, 2_000, handTimers());
  const started: string[] = [];
  let loaded = (): void => undefined;
  queue.enter((done) => {
    loaded = done;
  });
  const cancel = queue.enter(() => started.push("cancelled"));
  queue.enter(() => started.push("kept"));
  cancel();
  loaded();
  expect(started).toEqual(["kept"]);
});
