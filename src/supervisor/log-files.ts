import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Limits } from "./limits.ts";

// Each process writes its log to a file of its own that the supervisor opens for it: a pipe that the supervisor relayed would queue without
// bound in the child while the supervisor is busy, and lose the last words of a child that dies.

/** Opens a log for appending; what is written to the descriptor goes to the end of the file even after a rotation. */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  return openSync(path, "a", 0o600);
}

/**
 * Keeps a log below its limit: `log` becomes `log.1`, that one `log.2`, and so on up to `logFiles` old ones. The file is copied and cut, not
 * renamed, because its writer cannot be told to open another; a line written between the two is lost.
 */
export function rotateLog(path: string, { logBytes, logFiles }: Pick<Limits, "logBytes" | "logFiles">): boolean {
  if (sizeOf(path) <= logBytes) return false;
  for (let number = logFiles; number > 1; number -= 1) {
    if (existsSync(`${path}.${number - 1}`)) renameSync(`${path}.${number - 1}`, `${path}.${number}`);
  }
  try {
    copyFileSync(path, `${path}.1`);
  } catch {
    rmSync(`${path}.1`, { force: true }); // The disk is full: the log goes, the work does not.
  }
  truncateSync(path);
  return true;
}

export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** What was written after `offset`, at most so many bytes of its end; all there is when the file was cut since. */
export function readEnd(path: string, offset: number, limitBytes: number): string {
  if (!existsSync(path)) return "";
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const from = Math.max(offset > size ? 0 : offset, size - limitBytes);
    const bytes = Buffer.alloc(size - from);
    const read = readSync(descriptor, bytes, 0, bytes.length, from);
    return bytes.toString("utf8", 0, read);
  } finally {
    closeSync(descriptor);
  }
}
