import { describe, expect, test } from "vitest";
import { createDeparture } from "../../src/agent/departure.ts";
import { FAREWELL_MS } from "../../src/agent/limits.ts";
import { virtualTime } from "../support/virtual-time.ts";

function leaving() {
  const time = virtualTime();
  const said: string[] = [];
  let isDone = false;
  const departure = createDeparture({
    timers: time.timers,
    drainTimeoutMs: 1_000,
    isDone: () => isDone,
    onDrain: () => said.push("drain"),
    onAbort: () => said.push("abort"),
    onLeave: (code) => said.push(`left with ${code}`),
  });
  return {
    departure,
    time,
    said,
    finish: () => {
      isDone = true;
      departure.leaveIfDone();
    },
  };
}

describe("an agent", () => {
  test("stays as long as nobody wants it to leave, also when it has nothing to do", () => {
    const { departure, finish, said } = leaving();
    finish();
    expect(said).toEqual([]);
    departure.drain();
    expect(said).toEqual(["drain", "left with 0"]);
  });

  test("drains until all is done", () => {
    const { departure, finish, said } = leaving();
    departure.drain();
    departure.drain();
    expect([departure.isLeaving(), departure.hasLeft()]).toEqual([true, false]);
    finish();
    expect(said).toEqual(["drain", "left with 0"]);
  });

  test("aborts when the time of its drain is over, and leaves when that has taken its time too", () => {
    const { departure, time, said } = leaving();
    departure.drain();
    time.advance(1_000);
    expect(said).toEqual(["drain", "abort"]);
    time.advance(FAREWELL_MS);
    expect(said).toEqual(["drain", "abort", "left with 130"]);
    expect(time.pending()).toBe(0);
  });

  test("leaves an abort as soon as all is done, once", () => {
    const { departure, finish, time, said } = leaving();
    departure.abort();
    departure.abort();
    departure.drain();
    finish();
    finish();
    departure.leave(3);
    expect(said).toEqual(["abort", "left with 130"]);
    expect(time.pending()).toBe(0);
  });
});
