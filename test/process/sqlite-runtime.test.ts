import { expect, test } from "vitest";
import { installedSqliteFault, sqliteFault } from "../../src/process/sqlite-runtime.ts";

test.each([
  ["12.11.1", 9, true],
  ["13.2.0", 9, false],
  ["13.2.0", 10, true],
  ["14.0.0", 9, false],
])("better-sqlite3 %s with Node-API %i: fit is %s", (version, nodeApi, isFit) => {
  expect(sqliteFault(version, nodeApi) === undefined).toBe(isFit);
});

test("the one that is installed here is fit", () => {
  expect(installedSqliteFault()).toBeUndefined();
});
