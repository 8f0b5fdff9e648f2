import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Patch, applyPatch, diff } from "../../src/protocol/patch.ts";

const json = (): fc.Arbitrary<unknown> =>
  fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)));

/** Lists of things with an id, such as runs: the kind of list that grows at its head. */
const identified = (): fc.Arbitrary<unknown> =>
  fc.array(fc.record({ id: fc.constantFrom("a", "b", "c", "d", "e"), status: fc.integer({ min: 0, max: 2 }) }), {
    maxLength: 6,
  });

/** Two values that have much in common, as two moments of one view have. */
const twoMoments = fc.oneof(
  fc.tuple(json(), json()),
  fc.tuple(identified(), identified()),
  fc.tuple(
    fc.dictionary(fc.constantFrom("a", "b", "__proto__"), json()),
    fc.dictionary(fc.constantFrom("a", "b", "__proto__"), json()),
  ),
  fc.tuple(fc.array(json()), fc.array(json()), json()).map(([head, tail, other]) => [
    { list: [...head, ...tail], other },
    { list: [...head, other, ...tail], other },
  ]),
);

const copyOf = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const overTheWire = (patch: Patch): Patch => JSON.parse(JSON.stringify(patch));

describe("a patch", () => {
  test("turns the earlier value into the later one, whatever the two are", () => {
    fc.assert(
      fc.property(twoMoments, ([before, after]) => {
        expect(JSON.stringify(sorted(applyPatch(before, overTheWire(diff(before, after)))))).toBe(
          JSON.stringify(sorted(after)),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  test("is made and applied without changing either value", () => {
    fc.assert(
      fc.property(twoMoments, ([before, after]) => {
        const text = JSON.stringify([before, after]);
        applyPatch(before, diff(before, after));
        expect(JSON.stringify([before, after])).toBe(text);
      }),
    );
  });

  test("between equal values is empty", () => {
    fc.assert(
      fc.property(json(), (value) => {
        expect(diff(value, copyOf(value))).toEqual([]);
      }),
    );
  });

  test.each<[string, unknown, unknown, Patch]>([
    ["a changed member", { a: 1, b: 2 }, { a: 1, b: 3 }, [[["b"], 3]]],
    ["a new member", { a: 1 }, { a: 1, b: 2 }, [[["b"], 2]]],
    ["a removed member", { a: 1, b: 2 }, { a: 1 }, [[["b"]]]],
    ["a longer list", { list: [1] }, { list: [1, 2, 3] }, [[["list"], [2, 3], 1]]],
    ["a shorter list", { list: [1, 2, 3] }, { list: [1] }, [[["list", 1]]]],
    ["a deep change", { a: [{ b: { c: 1 } }] }, { a: [{ b: { c: 2 } }] }, [[["a", 0, "b", "c"], 2]]],
    ["another kind of value", { a: [] }, { a: {} }, [[["a"], {}]]],
    ["the whole value", 1, 2, [[[], 2]]],
  ])("names only what differs: %s", (_, before, after, patch) => {
    expect(diff(before, after)).toEqual(patch);
  });

  test("of a list with the newest first carries the new ones and what changed, not all that moved", () => {
    const runs = Array.from({ length: 100 }, (_, index) => ({ id: `R${100 - index}`, status: "running" }));
    const newest = { id: "R101", status: "queued" };
    const later = [newest, { ...runs[0], status: "failed" }, ...runs.slice(1, 99)];
    expect(diff(runs, later)).toEqual([[[], [newest], 0], [[1, "status"], "failed"], [[100]]]);
  });

  test("shares with the earlier value what did not change", () => {
    const before = { steps: [{ id: "1" }, { id: "2", status: "queued" }], other: {} };
    const after = applyPatch(before, [[["steps", 1, "status"], "assigned"]]);
    expect(after).toEqual({ steps: [{ id: "1" }, { id: "2", status: "assigned" }], other: {} });
    expect(after).toHaveProperty("other", before.other);
    expect(Object.is(before.steps[0], (after as typeof before).steps[0])).toBe(true);
  });

  test.each<[string, unknown, Patch]>([
    ["an element beyond the end", { list: [1] }, [[["list", 2], 3]]],
    ["a member of a number", { a: 1 }, [[["a", "b"], 2]]],
    ["a member of what is not there", {}, [[["a", "b"], 2]]],
    ["a member of Object.prototype", {}, [[["__proto__", "polluted"], 2]]],
    ["an insertion into an object", { a: {} }, [[["a"], [1], 0]]],
    ["an insertion beyond the end", { a: [] }, [[["a"], [1], 1]]],
    ["a named element", { list: [1] }, [[["list", "length"], 0]]],
  ])("that does not fit is refused: %s", (_, value, patch) => {
    expect(() => applyPatch(value, patch)).toThrow(/the patch/);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

/** Members in one order: JSON objects have none, and a patch need not keep it. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => [name, sorted(member)]);
}
