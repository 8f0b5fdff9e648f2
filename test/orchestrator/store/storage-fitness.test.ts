import { expect, test } from "vitest";
import { fileSystemFault, sqliteVersionFault } from "../../../src/orchestrator/store/storage-fitness.ts";

test.each(["3.51.2", "3.50.9", "3.9.99", "2.99.99", "3.51"])("SQLite %s is refused as too old", (version) => {
  expect(sqliteVersionFault(version)).toBe(`SQLite ${version} is too old, 3.51.3 is needed: reinstall better-sqlite3`);
});

test.each(["3.51.3", "3.51.10", "3.53.2", "3.100.0", "4.0.0"])("SQLite %s is new enough", (version) => {
  expect(sqliteVersionFault(version)).toBeUndefined();
});

test.each([
  ["NFS", 0x6969],
  ["SMB", 0x517b],
  ["CIFS", 0xff534d42],
  ["SMB2", 0xfe534d42],
])("a directory on %s is refused", (_name, type) => {
  expect(fileSystemFault("/mnt/data", type)).toBe(
    "/mnt/data is on a network file system, where a database is not safe: choose a --data-dir on a local disk",
  );
});

test.each([
  ["ext4", 0xef53],
  ["XFS", 0x58465342],
  ["btrfs", 0x9123683e],
  ["tmpfs", 0x01021994],
  ["overlayfs", 0x794c7630],
])("a directory on %s is fit", (_name, type) => {
  expect(fileSystemFault("/mnt/data", type)).toBeUndefined();
});
