import { expect, test } from "vitest";
import { createChanges } from "../../src/base/changes.ts";
import { virtualTime } from "../support/virtual-time.ts";

/** Waits until `level.now` is at least this, and notes when that is over. */
function rig() {
  const time = virtualTime();
  const changes = createChanges(time.timers);
  const level = { now: 0 };
  const over: string[] = [];
  const wait = (name: string, least: number, withinMs?: number): void =>
    void changes.until(() => level.now >= least, withinMs).then(() => over.push(name));
  const settle = async (): Promise<readonly string[]> => {
    await new Promise((resolve) => setImmediate(resolve));
    return over;
  };
  const rise = (): void => {
    level.now += 1;
    changes.tell();
  };
  return { time, changes, wait, rise, settle };
}

test("who waits for what is so already does not wait", async () => {
  const { wait, settle } = rig();
  wait("at once", 0);
  expect(await settle()).toEqual(["at once"]);
});

test("everyone who waits is woken by the change that makes it so, and by no other", async () => {
  const { wait, rise, settle } = rig();
  wait("two", 2);
  wait("one", 1);
  wait("also two", 2);
  rise();
  expect(await settle()).toEqual(["one"]);
  rise();
  expect(await settle()).toEqual(["one", "two", "also two"]);
});

test("a wait ends with its time, and leaves no timer behind when it ends before", async () => {
  const { time, wait, rise, settle } = rig();
  wait("in time", 1, 1_000);
  wait("too long", 2, 1_000);
  rise();
  expect(await settle()).toEqual(["in time"]);
  expect(time.pending()).toBe(1);
  time.advance(1_000);
  expect(await settle()).toEqual(["in time", "too long"]);
  expect(time.pending()).toBe(0);
});
