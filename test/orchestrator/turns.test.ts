import { expect, test } from "vitest";
import { createTurns } from "../../src/orchestrator/turns.ts";
import { virtualTime } from "../support/virtual-time.ts";

function rig(costMs: number) {
  const time = virtualTime();
  const taken: string[] = [];
  const turns = createTurns<string>({
    timers: time.timers,
    share: 0.25,
    take: async (name) => {
      taken.push(name);
      return costMs;
    },
  });
  const settle = async (): Promise<string[]> => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    return taken.splice(0);
  };
  return { time, turns, settle };
}

test("turns come one after the other, and each once", async () => {
  const { turns, settle } = rig(0);
  for (const name of ["a", "b", "a", "c", "b"]) turns.add(name);
  turns.remove("c");
  // The first "a" had its turn at once; the second waited with the others.
  expect(await settle()).toEqual(["a", "b", "a"]);
});

test("all turns together take their share of the time: after each comes a pause", async () => {
  const { time, turns, settle } = rig(100);
  for (const name of ["a", "b", "c"]) turns.add(name);
  expect(await settle()).toEqual(["a"]);
  time.advance(299);
  expect(await settle()).toEqual([]);
  time.advance(1);
  expect(await settle()).toEqual(["b"]);
  turns.remove("c");
  time.advance(300);
  turns.add("d");
  expect(await settle()).toEqual(["d"]);
});
