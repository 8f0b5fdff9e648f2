import { expect, test } from "vitest";
import { PRELUDE_COLUMNS, withPrelude, withoutPrelude } from "../../../src/agent/repositories/source-prelude.ts";

test.each([0, 7, 999_999])("the prelude of file %i is as long as any other, and stays on the first line", (index) => {
  const source = "const a = 1;\nconst b = 2;";
  const lines = withPrelude(source, index).split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]?.length).toBe(PRELUDE_COLUMNS + "const a = 1;".length);
  expect(withoutPrelude(lines[0] ?? "")).toEqual({ line: "const a = 1;", shift: PRELUDE_COLUMNS });
});

test.each([
  [`"use strict"; exports.a = 1;`, /^"use strict";var .*; exports\.a = 1;$/],
  [`'use strict'\nexports.a = 1;`, /^'use strict';var .*;\nexports\.a = 1;$/],
  [`#!/usr/bin/env node\nconst a = 1;`, /^var .*;\nconst a = 1;$/],
  [`const text = "#!";`, /^var .*;const text = "#!";$/],
])("a directive keeps its place and a #! line goes (%#)", (source, expected) => {
  expect(withPrelude(source, 3)).toMatch(expected);
});
