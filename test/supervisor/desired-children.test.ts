import { describe, expect, test } from "vitest";
import { type Desire, desiredChildren } from "../../src/supervisor/desired-children.ts";

const NOW = 1_000_000;
const idle: Desire = { isArchived: false, isWanted: false, nextWakeAt: null, isStopped: true };

describe("an environment", () => {
  test.each<[string, Desire, boolean, number | null]>([
    ["with nothing to do stays down", idle, false, null],
    ["that had work when it was last heard of is started", { ...idle, isWanted: true }, true, null],
    ["is started at its wake-up time", { ...idle, nextWakeAt: NOW }, true, null],
    ["is started when its wake-up time has passed", { ...idle, nextWakeAt: NOW - 60_000 }, true, null],
    ["is waited for until its wake-up time", { ...idle, nextWakeAt: NOW + 60_000 }, false, NOW + 60_000],
    ["that is up is left alone", { ...idle, isWanted: true, nextWakeAt: NOW, isStopped: false }, false, null],
    ["that is archived stays down", { ...idle, isArchived: true, isWanted: true, nextWakeAt: NOW }, false, null],
  ])("%s", (_name, desire, isStarted, nextAt) => {
    expect(desiredChildren([desire], NOW)).toEqual({ start: isStarted ? [desire] : [], nextAt });
  });
});

test("the next look is at the earliest wake-up of those that are down", () => {
  const desires = [
    { ...idle, nextWakeAt: NOW + 5_000 },
    { ...idle, nextWakeAt: NOW + 1_000, isStopped: false },
    { ...idle, nextWakeAt: NOW + 3_000 },
    { ...idle, nextWakeAt: NOW + 2_000, isArchived: true },
  ];
  expect(desiredChildren(desires, NOW).nextAt).toBe(NOW + 3_000);
});
