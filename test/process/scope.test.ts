import { describe, expect, test } from "vitest";
import type { Timers } from "../../src/base/clock.ts";
import { createScope } from "../../src/process/scope.ts";

/** Time is up as soon as somebody waits. */
const impatient: Timers = {
  after(_delayMs, run) {
    queueMicrotask(() => queueMicrotask(run));
    return () => undefined;
  },
};
const patient: Timers = { after: () => () => undefined };

describe("a scope", () => {
  test("closes in the reverse order, each after the one before", async () => {
    const scope = createScope(patient);
    const closed: string[] = [];
    scope.defer("first", () => void closed.push("first"));
    scope.defer("second", async () => {
      await Promise.resolve();
      closed.push("second");
    });
    expect(await scope.close(1_000)).toEqual([]);
    expect(closed).toEqual(["second", "first"]);
  });

  test("names what failed and closes the rest", async () => {
    const scope = createScope(patient);
    const closed: string[] = [];
    scope.defer("database", () => void closed.push("database"));
    scope.defer("socket", () => {
      throw new Error("it was not open");
    });
    expect(await scope.close(1_000)).toEqual(["socket did not close: it was not open"]);
    expect(closed).toEqual(["database"]);
  });

  test("leaves behind what takes too long, and names it", async () => {
    const scope = createScope(impatient);
    scope.defer("stuck socket", () => new Promise(() => undefined));
    expect(await scope.close(5)).toEqual(["stuck socket did not close within 5 ms"]);
  });

  test("closes at once what is opened after it was closed", async () => {
    const scope = createScope(patient);
    await scope.close(1_000);
    const closed: string[] = [];
    scope.defer("late", () => void closed.push("late"));
    expect(closed).toEqual(["late"]);
  });

  test("is closed once", async () => {
    const scope = createScope(patient);
    let count = 0;
    scope.defer("it", () => void (count += 1));
    await Promise.all([scope.close(1_000), scope.close(1_000)]);
    expect(count).toBe(1);
  });
});
