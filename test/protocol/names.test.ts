import { describe, expect, test } from "vitest";
import {
  environmentKey,
  isEnvironmentName,
  isProjectName,
  isRepositoryName,
  isTargetName,
  parseTargetPath,
} from "../../src/protocol/names.ts";
import { environmentDirectory } from "../../src/protocol/supervisor-messages.ts";

const long = (length: number): string => "a".repeat(length);

describe("names that people choose", () => {
  test.each([
    ["project", isProjectName, ["default", "a", "0", "my-project-2", long(63)]],
    ["environment", isEnvironmentName, ["production", "development/joe", "a/b/c", "x_1", `${long(63)}/${long(63)}`]],
    ["repository", isRepositoryName, ["flows", "flows/orders", "@scope/pkg", "a.b", "src/...x", long(200)]],
    ["target", isTargetName, ["main", "_private", "$", "a1", "fetch-user", long(100)]],
  ])("a %s may be called", (_, isName, names) => {
    for (const name of names) expect([name, isName(name)]).toEqual([name, true]);
  });

  test.each([
    ["project", isProjectName, ["", "-a", "A", "a_b", "a/b", "a b", "ä", "..", long(64)]],
    [
      "environment",
      isEnvironmentName,
      ["", "/a", "a/", "a//b", "..", "a/../b", "-a", "A", `${long(63)}/${long(64)}`, long(129)],
    ],
    ["repository", isRepositoryName, ["", "/a", "a/", "..", "a/../b", ".", "a b", "a\\b", "a\0b", long(201)]],
    ["target", isTargetName, ["", "1a", "-a", "a.b", "a/b", "a b", long(101)]],
  ])("a %s may not be called", (_, isName, names) => {
    for (const name of names) expect([name, isName(name)]).toEqual([name, false]);
  });

  test("a target path is split at its last slash", () => {
    expect(parseTargetPath("flows/orders/checkout")).toEqual({ repository: "flows/orders", name: "checkout" });
    for (const text of ["checkout", "/checkout", "flows/", "", "../x/y", "flows/1st"]) {
      expect(parseTargetPath(text)).toBeUndefined();
    }
  });

  test("no two environments share a directory or a key, and none leaves the data directory", () => {
    const names = ["a/b", "a-b", "a_b", "a", "b", "a/b/c"];
    const directories = names.map((name) => environmentDirectory("default", name));
    expect(new Set(directories).size).toBe(names.length);
    for (const directory of directories) expect(directory).toMatch(/^projects\/default\/[^/.]+$/);
    expect(environmentKey("default", "a/b")).toBe("default/a/b");
  });
});
