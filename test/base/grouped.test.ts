import { expect, test } from "vitest";
import { grouped } from "../../src/base/grouped.ts";

test("rows are grouped by their key, groups and members in the order of the rows", () => {
  const rows = [
    { target: "b", id: 1 },
    { target: "a", id: 2 },
    { target: "b", id: 3 },
  ];
  const groups = grouped(
    rows,
    ({ target }) => target,
    ({ id }) => id,
  );
  expect([...groups]).toEqual([
    ["b", [1, 3]],
    ["a", [2]],
  ]);
});
