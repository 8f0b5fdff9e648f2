import { describe, expect, test } from "vitest";
import type { RunView } from "../../../src/protocol/views.ts";
import { createColours } from "../../../src/cli/output/colour.ts";
import { type TreeLook, renderRun } from "../../../src/cli/run-tree/render.ts";
import { textWidth } from "../../../src/cli/output/text-width.ts";
import { failed, queued, run, running, startedAt, step, wide } from "./views.ts";

process.env["TZ"] = "UTC";

const now = startedAt + 14_200;

function render(view: RunView, look: Partial<TreeLook> = {}): string {
  const folding = { columns: 100, lines: 40, withGroups: true, withAttempts: false };
  const usual = { colours: createColours(false), hasUnicode: true, ...folding };
  return renderRun(view, "default/development", now, { ...usual, ...look }).join("\n");
}

/** What stands in most tests: a root that runs, calls that are done, that failed, that wait. */
const mixed = run([
  step(1, "greet", null, [running], ["u1"]),
  step(2, "fetchUser", 1, [{}], ["u1", { deep: [1, 2] }]),
  step(3, "charge", 1, [failed("card declined"), { ...running, assignedAt: startedAt + 4_000 }]),
  step(4, "mail/send", 1, [{ ...queued, reason: { code: "no_agent", target: "mail/send" } }]),
  step(5, "flows/store", 2, [failed("bad row")]),
]);

describe("the tree of a run", () => {
  test("has a line for each step with its state, its arguments, its time and what is to be said of it", () => {
    expect(render(mixed)).toMatchInlineSnapshot(`
      "flows/greet Rbcdfghj · default/development · 0:14
      ◐ greet "u1"                         14s
      ├─ ✓ fetchUser "u1", {"deep":[1,2]}  0.3s
      │  └─ ✗ store                        0.3s  TypeError: bad row
      ├─ ◐ charge                          10s  attempt 2, before: TypeError: card declined
      └─ ○ mail/send                       waiting 14s  no connected agent hosts mail/send
        5 steps · 1 done · 1 failed · 2 running · 1 waiting"
    `);
  });

  test("is drawn in ASCII where there is no Unicode", () => {
    expect(render(mixed, { hasUnicode: false })).toMatchInlineSnapshot(`
      "flows/greet Rbcdfghj - default/development - 0:14
      > greet "u1"                         14s
      |- + fetchUser "u1", {"deep":[1,2]}  0.3s
      |  \`- x store                        0.3s  TypeError: bad row
      |- > charge                          10s  attempt 2, before: TypeError: card declined
      \`- o mail/send                       waiting 14s  no connected agent hosts mail/send
        5 steps - 1 done - 1 failed - 2 running - 1 waiting"
    `);
  });

  test("has many siblings of one target on one line, and those that failed below it", () => {
    const states = [{}, running, queued];
    const view = wide(60, (index) => (index % 20 === 7 ? failed("bad row") : (states[index % 3] ?? {})));
    expect(render(view)).toMatchInlineSnapshot(`
      "flows/greet Rbcdfghj · default/development · 0:14
      ◐ greet                     14s
      └─ ◐ report ×60 ▓▓▓░░░░░░░  19 ✓  3 ✗  19 ◐  19 ○
         ├─ ✗ report              0.3s  TypeError: bad row
         ├─ ✗ report              0.3s  TypeError: bad row
         └─ ✗ report              0.3s  TypeError: bad row
        61 steps · 19 done · 3 failed · 20 running · 19 waiting"
    `);
  });

  test("has every sibling on its own line without groups", () => {
    expect(
      render(
        wide(8, () => ({})),
        { withGroups: false },
      ).split("\n"),
    ).toHaveLength(1 + 9 + 1);
  });

  test("says why a whole group waits", () => {
    const view = wide(10, () => ({ ...queued, reason: { code: "environment_paused" } }));
    expect(render(view)).toContain("10 ○  the environment is paused until it is resumed");
  });

  test.each([
    ["running", null, "◐ sum  14s  run Rzzzzzzzz", "1 running"],
    ["succeeded", startedAt + 2_300, "✓ sum  2.0s  run Rzzzzzzzz", "2 done"],
    ["failed", startedAt + 2_300, "✗ sum  2.0s  run Rzzzzzzzz", "1 failed"],
  ] as const)("shows a called workflow as its run is: %s", (status, completedAt, line, count) => {
    const result = { status: "spawned", execution: "Rzzzzzzzz:1:1", run: { status, completedAt } } as const;
    const spawned = { status: "spawned", assignedAt: null, result } as const;
    const shown = render(run([step(1, "greet", null, [{}]), step(2, "sum", 1, [spawned])]));
    expect(shown.replaceAll(/ {2,}/g, "  ")).toContain(`└─ ${line}`);
    expect(shown).toContain(count);
  });

  test("shows earlier attempts with what they called, where a line for everything is wanted", () => {
    const again = { ...step(3, "load", 1), parentId: "Rbcdfghj:1:2" };
    const view = run([step(1, "greet", null, [failed("bad row"), {}]), step(2, "load", 1, [failed("bad row")]), again]);
    expect(render(view, { withAttempts: true, withGroups: false })).toMatchInlineSnapshot(`
      "flows/greet Rbcdfghj · default/development · 0:14
      ✗ greet    0.3s
      └─ ✗ load  0.3s  TypeError: bad row
      ✓ greet    0.3s  attempt 2
      └─ ✓ load  0.3s
        3 steps · 2 done · 1 failed"
    `);
  });

  test("counts what was cancelled as that", () => {
    const cancelled = { status: "cancelled", result: { status: "cancelled" } } as const;
    expect(render(run([step(1, "greet", null, [cancelled]), step(2, "load", 1)]))).toContain(
      "2 steps · 1 done · 1 cancelled",
    );
    expect(render(wide(6, () => cancelled))).toContain("⊘ report ×6 ▓▓▓▓▓▓▓▓▓▓  6 ⊘");
  });

  test("has only a header and a footer before the first step is there", () => {
    expect(render(run([])).split("\n")).toHaveLength(2);
  });

  test("stops the clock of a run that is final", () => {
    expect(render(run([], { completedAt: startedAt + 3_000, status: "succeeded" }))).toContain("0:03");
  });

  test.each([20, 40, 79, 100])("no line is wider than %i columns", (columns) => {
    const long = run([step(1, "greet", null, [failed("x".repeat(300))], ["y".repeat(300), "漢字".repeat(50)])]);
    for (const view of [mixed, long]) {
      for (const line of render(view, { columns }).split("\n")) expect(textWidth(line)).toBeLessThanOrEqual(columns);
    }
  });

  test("what a program wrote cannot steer the terminal", () => {
    const view = run([step(1, "greet", null, [failed("\u001b[2Jgone\u0007\nsecond")], ["\u001b]0;title\u0007"])]);
    // oxlint-disable-next-line no-control-regex -- Those are what must not be there.
    expect(render(view).replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f]/);
  });

  test("is coloured after it was cut, so that every colour ends", () => {
    const lines = render(mixed, { colours: createColours(true), columns: 30 }).split("\n");
    for (const line of lines) {
      const opened = line.split("\u001b[").length - 1;
      expect(opened % 2).toBe(0);
    }
  });
});
