import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorText } from "../base/error-text.ts";
import { type Result, failure, ok } from "../base/result.ts";
import { SOCKET_PATH_LIMIT_BYTES } from "./limits.ts";

/** Where the sockets of one server lie: a short path, because the path of a socket may not be long, and private to its user. */
export interface RuntimeDirectory {
  socketPath(environmentId: number): string;
  /** Makes room for a socket: removes the one that an earlier process may have left. Throws what the system refuses. */
  prepareSocket(environmentId: number): void;
  remove(): void;
}

const PRIVATE = 0o700;

/** The longest name of a socket in it: room for any id. */
const LONGEST_NAME = "e9007199254740991.sock";

/**
 * Makes the directory, named after the user and the data directory, and empties it: whoever holds the lock of the data directory is its only
 * user. Fails with a sentence when somebody else could reach into it.
 */
export function openRuntimeDirectory(dataDirectory: string): Result<RuntimeDirectory, string> {
  const hash = createHash("sha256").update(realpathSync(dataDirectory)).digest("hex").slice(0, 12);
  const uid = process.getuid?.() ?? 0;
  const name = `coflux-${uid}-${hash}`;
  const path = [tmpdir(), "/tmp"]
    .map((parent) => join(parent, name))
    .find((candidate) => Buffer.byteLength(join(candidate, LONGEST_NAME)) <= SOCKET_PATH_LIMIT_BYTES);
  if (path === undefined) return failure(`no path for sockets has at most ${SOCKET_PATH_LIMIT_BYTES} bytes`);

  try {
    makePrivate(path, uid);
    for (const leftover of readdirSync(path)) rmSync(join(path, leftover), { force: true });
  } catch (error) {
    const isForeign = existsSync(path) && !isPrivate(path, uid);
    if (isForeign) return failure(`${path} is not a private directory of this user: remove it`);
    return failure(`no directory for sockets: ${errorText(error)}; set TMPDIR to one that can be written`);
  }

  const socketPath = (environmentId: number): string => join(path, `e${environmentId}.sock`);
  return ok({
    socketPath,
    prepareSocket(environmentId) {
      makePrivate(path, uid); // Again: temporary directories are tidied up, and a server lives for months.
      rmSync(socketPath(environmentId), { force: true });
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  });
}

/** Throws when something else is in its place. */
function makePrivate(path: string, uid: number): void {
  if (!isPrivate(path, uid)) mkdirSync(path, { mode: PRIVATE });
}

function isPrivate(path: string, uid: number): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && found.isDirectory() && found.uid === uid && (found.mode & 0o777) === PRIVATE;
}
