import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Result, failure, ok } from "../base/result.ts";
import { type DirectoryLock, lockDirectory } from "./directory-lock.ts";

/** The data directory, held by this server alone for as long as it runs. */
export interface DataDirectory {
  readonly registryPath: string;
  readonly logPath: string;
  release(): void;
}

const PRIVATE = 0o700;

/** Makes the directory if it is missing, closes it to other users, and takes its lock; or says who has it. */
export function openDataDirectory(path: string): Result<DataDirectory, string> {
  try {
    makeDirectory(join(path, "logs"));
    chmodSync(path, PRIVATE);
    const pidPath = join(path, "server.pid");
    const lock = lockDirectory(join(path, "lock.db"));
    if (!lock.ok) return failure(inUse(path, pidPath));
    writeFileSync(pidPath, `${process.pid}\n`); // For people, and for the refusal of another server; the lock alone decides.
    return ok(heldBy(path, lock.value));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return failure(`the data directory ${path} cannot be used: ${error.message}`);
  }
}

/** With its parents. Node's own way to make them never comes back from some directories, such as /proc. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path, { mode: PRIVATE });
}

function heldBy(path: string, lock: DirectoryLock): DataDirectory {
  return {
    registryPath: join(path, "registry.db"),
    logPath: join(path, "logs", "server.log"),
    release: () => lock.release(),
  };
}

function inUse(path: string, pidPath: string): string {
  const holder = existsSync(pidPath) ? ` (process ${readFileSync(pidPath, "utf8").trim()})` : "";
  const remedy = "stop that one, or give this one a directory of its own with --data-dir";
  return `the data directory ${path} is in use by another server${holder}: ${remedy}`;
}
