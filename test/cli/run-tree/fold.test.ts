import { describe, expect, test } from "vitest";
import { seededRandom, randomBelow } from "../../../src/base/random.ts";
import type { ExecutionView, StepView } from "../../../src/protocol/views.ts";
import { type TreeRow, foldTree } from "../../../src/cli/run-tree/fold.ts";
import { buildTrees } from "../../../src/cli/run-tree/tree.ts";
import { failed, queued, run, running, step, wide } from "./views.ts";

function fold(steps: readonly StepView[], limit: number, withGroups = false): TreeRow[] {
  return buildTrees(run(steps), { withGroups, withAttempts: false }).flatMap((root) => foldTree(root, limit));
}

const names = (rows: readonly TreeRow[]): string[] =>
  rows.map((row) => {
    if (row.kind === "more") return `${row.steps} more${row.isFinished ? " finished" : ""}`;
    return row.node.kind === "step" ? `${row.node.step.target.slice(6)}+${row.hiddenSteps}` : "group";
  });

describe("folding", () => {
  const family = [
    step(1, "root", null, [running]),
    step(2, "done", 1),
    step(3, "busy", 1, [running]),
    step(4, "late", 1, [queued]),
    step(5, "bad", 2, [failed("x")]),
    step(6, "leaf", 2),
  ];

  test("keeps everything where there is room", () => {
    expect(names(fold(family, 6))).toEqual(["root+0", "done+0", "bad+0", "leaf+0", "busy+0", "late+0"]);
  });

  test.each([
    [1, ["root+5"]],
    [2, ["root+5"]],
    [3, ["root+0", "busy+0", "4 more"]],
    [4, ["root+0", "done+2", "busy+0", "late+0"]],
    [5, ["root+0", "done+0", "bad+0", "leaf+0", "2 more"]],
  ])("in %i lines what is urgent comes first, with its callers", (limit, expected) => {
    const rows = names(fold(family, limit));
    expect(rows.length).toBeLessThanOrEqual(limit);
    expect(rows).toEqual(expected);
  });

  test("counts what is hidden at the caller when none of its calls is shown", () => {
    expect(names(fold([step(1, "root", null), step(2, "a", 1), step(3, "b", 2)], 1))).toEqual(["root+2"]);
  });

  test("never takes more lines than there are, and accounts for every step", () => {
    const random = seededRandom(7);
    const states: Partial<ExecutionView>[] = [{}, running, queued, failed("x")];
    for (let round = 0; round < 200; round++) {
      const count = 1 + randomBelow(random, 40);
      const steps = Array.from({ length: count }, (_, index) => {
        const parent = index === 0 ? null : 1 + randomBelow(random, index);
        return step(index + 1, `t${randomBelow(random, 3)}`, parent, [states[randomBelow(random, 4)] ?? {}]);
      });
      const limit = 1 + randomBelow(random, 30);
      const rows = fold(steps, limit);
      expect(rows.length).toBeLessThanOrEqual(limit);
      const shown = rows.filter(({ kind }) => kind === "node").length;
      const hidden = rows.reduce((sum, row) => sum + (row.kind === "more" ? row.steps : row.hiddenSteps), 0);
      expect(shown + hidden).toBe(count);
    }
  });

  test("of ten thousand steps takes a moment, not a frame's time", () => {
    const view = wide(10_000, (index) => (index % 3 === 0 ? running : {}));
    const [root] = buildTrees(view, { withGroups: false, withAttempts: false });
    expect(root && foldTree(root, 40)).toHaveLength(40);
  });
});
