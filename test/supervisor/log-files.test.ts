import { closeSync, existsSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openLog, readEnd, rotateLog, sizeOf } from "../../src/supervisor/log-files.ts";
import { temporaryDirectory } from "../support/temporary.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let path: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  path = `${directory.path}/logs/one.log`;
});
afterEach(() => directory.remove());

describe("a log that has grown beyond its limit", () => {
  test("becomes an old one, and its writer goes on at the beginning", () => {
    const descriptor = openLog(path);
    writeSync(descriptor, "first\n".repeat(10));
    expect(rotateLog(path, { logBytes: 50, logFiles: 2 })).toBe(true);
    writeSync(descriptor, "second\n");
    closeSync(descriptor);
    expect(readFileSync(`${path}.1`, "utf8")).toBe("first\n".repeat(10));
    expect(readFileSync(path, "utf8")).toBe("second\n");
  });

  test("keeps so many old ones", () => {
    closeSync(openLog(path));
    for (const text of ["one", "two", "three", "four"]) {
      writeFileSync(path, text);
      rotateLog(path, { logBytes: 1, logFiles: 2 });
    }
    expect(readFileSync(`${path}.1`, "utf8")).toBe("four");
    expect(readFileSync(`${path}.2`, "utf8")).toBe("three");
    expect(existsSync(`${path}.3`)).toBe(false);
  });
});

test("a log below its limit, or none, stays as it is", () => {
  expect(rotateLog(path, { logBytes: 50, logFiles: 2 })).toBe(false);
  closeSync(openLog(path));
  writeFileSync(path, "short");
  expect(rotateLog(path, { logBytes: 50, logFiles: 2 })).toBe(false);
  expect(sizeOf(path)).toBe(5);
});

test.each([
  ["what was written since", 4, 100, "after"],
  ["only the end of much", 0, 3, "ter"],
  ["everything, if the log was rotated since", 1_000, 100, "old after"],
])("the end of a log: %s", (_name, offset, limit, text) => {
  closeSync(openLog(path));
  writeFileSync(path, "old after");
  expect(readEnd(path, offset, limit)).toBe(text);
});

test("the end of a log that does not exist is empty", () => {
  expect(readEnd(`${directory.path}/none`, 0, 10)).toBe("");
});
