import { BLOB_READ_WHOLE_BYTES, UPLOAD_LEFTOVER_MS } from "../limits.ts";
import { BodyFailure, type BlobStore, type StoredBlob } from "./blob-store.ts";
import { type FileHandle, mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { type Result, failure, ok } from "../../base/result.ts";
import { dirname, join } from "node:path";
import { BLOB_LIMIT_BYTES } from "../../protocol/limits.ts";
import type { BlobKey } from "../../protocol/ids.ts";
import type { Clock } from "../../base/clock.ts";
import type { EnvironmentRef } from "../environment-link.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import { notFound } from "../../protocol/failures.ts";
import type { ReadableStream } from "node:stream/web";
import { Readable } from "node:stream";
import { createHash } from "node:crypto";
import { environmentDirectory } from "../../protocol/supervisor-messages.ts";

// Blobs as files: `<environment>/blobs/aa/bb/<rest of the key>`. Bytes are written to a file of their own below `blobs/uploads`, hashed on the way,
// and get their name only when the hash is right and the disk has them: a name is never seen with other bytes than its own.

type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export function createFileBlobs(dataDirectory: string, clock: Clock): BlobStore {
  let uploads = 0;
  const swept = new Set<string>(); // Environments whose leftovers were looked for since this process began.

  const rootOf = ({ project, environment }: EnvironmentRef): string =>
    join(dataDirectory, environmentDirectory(project, environment), "blobs");

  /** Its directories are made each time: an environment may have been deleted, and its name taken again, since the last one. */
  const openUpload = async (root: string): Promise<{ file: FileHandle; path: string }> => {
    const directory = join(root, "uploads");
    await mkdir(directory, { recursive: true, mode: 0o700 });
    if (!swept.has(root)) {
      swept.add(root);
      await removeLeftovers(directory, clock.now() - UPLOAD_LEFTOVER_MS);
    }
    for (;;) {
      uploads += 1;
      const path = join(directory, `${process.pid}-${uploads}`);
      try {
        return { file: await open(path, "wx", 0o600), path };
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error; // Else: left by an earlier process of the same number.
      }
    }
  };

  const store = async (root: string, key: BlobKey, bytes: Bytes): Promise<Result<null, Failure>> => {
    const path = pathOf(root, key);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const upload = await openUpload(root);
    let isNamed = false;
    try {
      const written = await writeHashed(upload.file, key, bytes);
      if (!written.ok) return written;
      await upload.file.datasync();
      await rename(upload.path, path);
      isNamed = true;
      await syncDirectories(path);
      return ok(null);
    } finally {
      await upload.file.close();
      if (!isNamed) await unlink(upload.path);
    }
  };

  return {
    async put(ref, key, bytes) {
      try {
        const root = rootOf(ref);
        const path = pathOf(root, key);
        if ((await sizeOf(path)) === undefined) return await store(root, key, bytes);
        const checked = await writeHashed(null, key, bytes);
        if (checked.ok) await syncDirectories(path); // Whoever gave it its name may have died before the disk had that.
        return checked;
      } catch (error) {
        return failure(explain(error));
      }
    },
    size: (ref, key) => look(key, sizeOf(pathOf(rootOf(ref), key))),
    get: (ref, key) => look(key, read(pathOf(rootOf(ref), key))),
  };
}

async function look<T>(key: BlobKey, found: Promise<T | undefined>): Promise<Result<T, Failure>> {
  try {
    const value = await found;
    return value === undefined ? failure(notFound("blob_not_found", key)) : ok(value);
  } catch (error) {
    return failure(explain(error));
  }
}

function pathOf(root: string, key: BlobKey): string {
  return join(root, key.slice(0, 2), key.slice(2, 4), key.slice(4));
}

/** Without a file the bytes are only checked. */
async function writeHashed(file: FileHandle | null, key: BlobKey, bytes: Bytes): Promise<Result<null, Failure>> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.byteLength;
    if (size > BLOB_LIMIT_BYTES) return failure(tooLarge());
    hash.update(chunk);
    await file?.writeFile(chunk);
  }
  const actual = hash.digest("hex");
  return actual === key ? ok(null) : failure(mismatch(key, actual));
}

/**
 * A new name is durable when its directory is, and that one's name when the one above it is: up to the environment's own, which was there.
 * All of them each time: which of them an earlier process made and did not sync before it died, nobody knows.
 */
async function syncDirectories(path: string): Promise<void> {
  const [bb, aa, blobs] = [dirname(path), dirname(dirname(path)), dirname(dirname(dirname(path)))];
  await Promise.all([bb, aa, blobs, dirname(blobs)].map(syncDirectory));
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

async function read(path: string): Promise<StoredBlob | undefined> {
  const file = await open(path, "r").catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  const { size } = await file.stat();
  if (size > BLOB_READ_WHOLE_BYTES) return { size, body: streamOf(file) };
  try {
    return { size, body: await file.readFile() };
  } finally {
    await file.close();
  }
}

function streamOf(file: FileHandle): ReadableStream<Uint8Array> {
  return Readable.toWeb(file.createReadStream()); // Ends with the file, or when the reader goes: both close it.
}

async function removeLeftovers(directory: string, olderThan: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    try {
      if ((await stat(path)).mtimeMs < olderThan) await unlink(path);
    } catch (error) {
      if (!isAbsence(error)) throw error; // Else: an upload under way that has come to its end.
    }
  }
}

function isAbsence(error: unknown): boolean {
  return codeOf(error) === "ENOENT";
}

/** Failures of the disk and of the source are expected; anything else is a bug and thrown on. */
function explain(error: unknown): Failure {
  if (error instanceof BodyFailure) return error.failure;
  switch (codeOf(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return { code: "storage_full", message: "the disk of the server is full", details: { retryAfterMs: 30_000 } };
    case "ENOENT":
      return { code: "environment_not_found", message: "the environment was deleted while its blob was stored" };
    case "EMFILE":
    case "ENFILE":
      return { code: "overloaded", message: "the server has too many files open", details: { retryAfterMs: 1_000 } };
    default:
      throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function tooLarge(): Failure {
  const message = `a blob has at most ${BLOB_LIMIT_BYTES} bytes`;
  return { code: "body_too_large", message, details: { limitBytes: BLOB_LIMIT_BYTES } };
}

function mismatch(key: BlobKey, actual: string): Failure {
  return { code: "hash_mismatch", message: `the SHA-256 of the bytes is ${actual}, not ${key}`, details: { actual } };
}
