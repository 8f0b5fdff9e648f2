// What a database must be able to rely on.

/** Earlier versions can corrupt the database when a checkpoint meets a write in another process. */
const LEAST_SQLITE = [3, 51, 3] as const;
/** statfs types of file systems on which SQLite's locks and syncs cannot be relied upon: NFS, SMB, CIFS, SMB2. */
const networkFileSystems = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42]);

/** Why no database is opened with this version of SQLite, and the way out; undefined when it may be. */
export function sqliteVersionFault(version: string): string | undefined {
  if (isAtLeast(version, LEAST_SQLITE)) return undefined;
  return `SQLite ${version} is too old, ${LEAST_SQLITE.join(".")} is needed: reinstall better-sqlite3`;
}

/** Why no database is opened in a directory whose file system is of this type (of `statfs`), and the way out; undefined when it may be. */
export function fileSystemFault(directory: string, type: number): string | undefined {
  if (!networkFileSystems.has(type)) return undefined;
  return `${directory} is on a network file system, where a database is not safe: choose a --data-dir on a local disk`;
}

function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split(".").map(Number);
  for (const [index, wanted] of least.entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}
