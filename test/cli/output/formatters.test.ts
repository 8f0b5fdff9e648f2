import { describe, expect, test } from "vitest";
import { formatBytes } from "../../../src/cli/output/bytes.ts";
import { createColours, hasColour, hasUnicode } from "../../../src/cli/output/colour.ts";
import { errorLines } from "../../../src/cli/output/error-lines.ts";
import { fillTemplate, formatLogLine } from "../../../src/cli/output/log-line.ts";
import { summarizeArguments } from "../../../src/cli/output/summarize-value.ts";
import { type Column, formatTable } from "../../../src/cli/output/table.ts";
import { canRedraw, createTerminal, isCodingAgent } from "../../../src/cli/output/terminal.ts";
import { fitText, textWidth } from "../../../src/cli/output/text-width.ts";
import { formatAge, formatStopwatch, formatUntil } from "../../../src/cli/output/time.ts";

process.env["TZ"] = "UTC";

const plain = createColours(false);

test.each([
  ["abc", 3],
  ["", 0],
  ["漢字", 4],
  ["é", 1],
  ["e\u0301", 1],
  ["👍", 2],
  ["✓○", 2],
])("%j takes %i columns", (text, columns) => {
  expect(textWidth(text)).toBe(columns);
});

test.each([
  ["abcdef", 6, "abcdef"],
  ["abcdef", 5, "abcd…"],
  ["漢字漢字", 5, "漢字…"],
  ["漢字漢字", 4, "漢…"],
  ["abc", 1, "…"],
  ["abc", 0, ""],
])("%j in %i columns is %j", (text, columns, expected) => {
  expect(fitText(text, columns, "…")).toBe(expected);
});

test.each([
  [0, "0 B"],
  [1_023, "1023 B"],
  [1_536, "1.5 KiB"],
  [73_400_320, "70 MiB"],
  [5_368_709_120, "5.0 GiB"],
])("%i bytes are %s", (bytes, expected) => {
  expect(formatBytes(bytes)).toBe(expected);
});

test.each([
  [500, "now"],
  [4_200, "4.2s ago"],
  [90_000, "1m 30s ago"],
])("%i ms ago is %s", (ms, expected) => {
  expect(formatAge(1_000_000, 1_000_000 + ms)).toBe(expected);
});

test.each([
  [14_900, "0:14"],
  [61_000, "1:01"],
  [3_723_000, "1:02:03"],
  [-5, "0:00"],
])("%i ms on the stopwatch is %s", (ms, expected) => {
  expect(formatStopwatch(ms)).toBe(expected);
});

test("a far moment has its date", () => {
  const now = Date.UTC(2026, 10, 1, 10);
  expect(formatUntil(now + 60_000, now)).toBe("10:01:00");
  expect(formatUntil(now + 86_400_000, now)).toBe("2026-11-02 10:00:00");
});

describe("colour", () => {
  const facts = { isWanted: true, isTty: true, environment: {} };
  test.each([
    ["a terminal", facts, true],
    ["a pipe", { ...facts, isTty: false }, false],
    ["--no-color", { ...facts, isWanted: false, environment: { FORCE_COLOR: "1" } }, false],
    ["NO_COLOR", { ...facts, environment: { NO_COLOR: "1", FORCE_COLOR: "1" } }, false],
    ["an empty NO_COLOR", { ...facts, environment: { NO_COLOR: "" } }, true],
    ["FORCE_COLOR in a pipe", { ...facts, isTty: false, environment: { FORCE_COLOR: "1", TERM: "dumb" } }, true],
    ["FORCE_COLOR=0", { ...facts, environment: { FORCE_COLOR: "0" } }, false],
    ["TERM=dumb", { ...facts, environment: { TERM: "dumb" } }, false],
  ])("%s", (_what, given, expected) => {
    expect(hasColour(given)).toBe(expected);
  });

  test.each([
    [{ LANG: "en_GB.UTF-8" }, true],
    [{ LC_ALL: "C", LANG: "en_GB.UTF-8" }, false],
    [{ LANG: "POSIX" }, false],
    [{}, true],
    [{ TERM: "linux" }, false],
  ])("with %j more than ASCII is shown: %s", (environment, expected) => {
    expect(hasUnicode(environment)).toBe(expected);
  });
});

describe("a table", () => {
  const columns: Column<{ name: string; size: number }>[] = [
    { title: "NAME", value: ({ name }) => name, canShrink: true },
    { title: "SIZE", value: ({ size }) => String(size), alignsRight: true },
    { title: "NOTE", value: () => "" },
  ];
  const rows = [
    { name: "a", size: 1 },
    { name: "a much longer name than that", size: 12_345 },
  ];

  test("has aligned columns, and a dash for nothing", () => {
    expect(formatTable(columns, rows, { width: null, paintTitle: (text) => text, mark: "…" })).toEqual([
      "NAME                           SIZE  NOTE",
      "a                                 1  -",
      "a much longer name than that  12345  -",
    ]);
  });

  test("gives up columns on a narrow terminal, and nothing in a pipe", () => {
    expect(formatTable(columns, rows, { width: 24, paintTitle: (text) => text, mark: "…" })).toEqual([
      "NAME          SIZE  NOTE",
      "a                1  -",
      "a much lon…  12345  -",
    ]);
  });

  test("a cell is coloured after it was padded", () => {
    const painted: Column<{ name: string; size: number }>[] = [
      { title: "NAME", value: ({ name }) => name, paint: (text) => `<${text}>` },
      { title: "SIZE", value: ({ size }) => String(size) },
    ];
    const look = { width: null, paintTitle: (text: string) => text, mark: "…" };
    expect(formatTable(painted, [{ name: "ab", size: 1 }], look)).toEqual(["NAME  SIZE", "<ab  >  1"]);
  });
});

test("values are summarized as JSON, references by their ids, blobs by their sizes", () => {
  const reference = { $: "ref", v: { kind: "execution", id: "Rbcdfghj:2:1", target: "flows/add" } };
  const blob = { $: "blob", v: { key: "00", size: 65_536 } };
  expect(summarizeArguments(["a\nb", [1, null, reference], { blob, price: { $: "codec", v: ["Money/1", [7]] } }])).toBe(
    '"a\\nb", [1,null,<Rbcdfghj:2:1>], {"blob":<64 KiB>,"price":{"$":"codec","v":["Money/1",[7]]}}',
  );
});

test.each([
  [{ $: "undefined" }, "undefined"],
  [{ $: "number", v: "-Infinity" }, "-Infinity"],
  [{ $: "bigint", v: "7" }, "7n"],
  [{ $: "date", v: "2026-01-31T12:00:00.000Z" }, "2026-01-31T12:00:00.000Z"],
  [{ $: "date", v: null }, "Invalid Date"],
  [{ $: "set", v: ["a", { $: "bigint", v: "7" }] }, 'Set(2)["a",7n]'],
  [{ $: "map", v: [["a", 1]] }, 'Map(1)[["a",1]]'],
])("%j is summarized as %s", (value, text) => {
  expect(summarizeArguments([value])).toBe(text);
});

describe("a line of log", () => {
  const log = {
    executionId: "Rbcdfghj:2:1",
    sequence: 1,
    timestamp: Date.UTC(2026, 10, 1, 10, 0, 0, 7),
    level: "warn" as const,
    template: "row {row} of {file}",
    values: { row: 3, file: "a.csv", size: [1] },
  };

  test("has its time, level, execution and text", () => {
    expect(formatLogLine(log, { isTty: false, colours: plain })).toBe(
      "2026-11-01T10:00:00.007Z warn   Rbcdfghj:2:1 row 3 of a.csv size=[1]",
    );
    expect(formatLogLine(log, { isTty: true, colours: plain })).toBe("10:00:00.007 warn   2:1 row 3 of a.csv size=[1]");
  });

  test("keeps slots that have no value, and no control sequences", () => {
    expect(fillTemplate("{a} \u001b[31mred\u001b[0m {toString}", { a: "x" })).toBe("x red {toString}");
  });
});

test("an error has its frames, the user's own with their source, and its causes", () => {
  const frame = { function: "parse", file: "flows.ts", line: 7, column: 9, code: "throw new Broken();", inApp: true };
  const cause = { type: "RangeError", message: "too far", stack: "", frames: [] };
  const error = {
    type: "Broken",
    message: "bad\nrow",
    stack: "",
    frames: [frame, { ...frame, function: "", file: "node:events", inApp: false }],
    cause,
  };
  expect(errorLines(error, plain)).toEqual([
    "Broken: bad row",
    "    flows.ts:7:9  parse",
    "      throw new Broken();",
    "    node:events:7:9  <anonymous>",
    "caused by RangeError: too far",
  ]);
});

test.each([
  [{ TERM: "xterm" }, true, false],
  [{ TERM: "dumb" }, false, false],
  [{ AI_AGENT: "1" }, false, true],
  [{ AGENT: "any" }, false, true],
  [{ CLAUDECODE: "1" }, false, true],
  [{ CLAUDECODE: "" }, true, false],
])(
  "on a terminal with %j lines can be drawn again: %s; a coding agent reads along: %s",
  (environment, canDraw, reads) => {
    const terminal = { ...createTerminal(process.stderr, { wantsColour: false, environment }), isTty: true };
    expect(canRedraw(terminal, environment)).toBe(canDraw);
    expect(canRedraw({ ...terminal, isTty: false }, environment)).toBe(false);
    expect(isCodingAgent(environment)).toBe(reads);
  },
);
