import { createHash } from "node:crypto";
import { mkdir, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BlobStore, BodyFailure } from "../../../src/gateway/blobs/blob-store.ts";
import { type BlobKey, parseBlobKey } from "../../../src/protocol/ids.ts";
import { BLOB_READ_WHOLE_BYTES, UPLOAD_LEFTOVER_MS } from "../../../src/gateway/limits.ts";
import { createFileBlobs } from "../../../src/gateway/blobs/file-blobs.ts";
import { realClock } from "../../../src/process/real-clock.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const here = { project: "default", environment: "development/joe" };
const elsewhere = { project: "default", environment: "development" };

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let blobs: BlobStore;

beforeEach(async () => {
  directory = await temporaryDirectory();
  for (const environment of ["development+joe", "development"]) {
    await mkdir(join(directory.path, "projects/default", environment), { recursive: true });
  }
  blobs = createFileBlobs(directory.path, realClock);
});
afterEach(() => directory.remove());

function keyOf(bytes: Uint8Array | string): BlobKey {
  const key = parseBlobKey(createHash("sha256").update(bytes).digest("hex"));
  if (key === undefined) throw new Error("not a key");
  return key;
}

async function bytesOf(store: BlobStore, key: BlobKey): Promise<Buffer> {
  const blob = await store.get(here, key);
  if (!blob.ok) throw new Error(blob.error.code);
  return Buffer.from(await new Response(blob.value.body).arrayBuffer());
}

/** What any blob store does. */
describe("a blob store", () => {
  test("gives back what was stored under its hash", async () => {
    const key = keyOf("some bytes");
    expect(await blobs.put(here, key, [Buffer.from("some "), Buffer.from("bytes")])).toEqual({ ok: true, value: null });
    expect(await bytesOf(blobs, key)).toEqual(Buffer.from("some bytes"));
    expect(await blobs.size(here, key)).toEqual({ ok: true, value: 10 });
  });

  test("takes no bytes at all for a blob like any other", async () => {
    expect(await blobs.put(here, keyOf(""), [])).toMatchObject({ ok: true });
    expect(await blobs.size(here, keyOf(""))).toEqual({ ok: true, value: 0 });
  });

  test("streams what is too large to be read at once", async () => {
    const bytes = Buffer.alloc(BLOB_READ_WHOLE_BYTES * 3 + 17, "abc");
    await blobs.put(here, keyOf(bytes), [bytes]);
    expect((await bytesOf(blobs, keyOf(bytes))).equals(bytes)).toBe(true);
  });

  test("knows nothing of what another environment stored", async () => {
    await blobs.put(elsewhere, keyOf("secret"), [Buffer.from("secret")]);
    expect(await blobs.size(here, keyOf("secret"))).toMatchObject({ ok: false, error: { code: "blob_not_found" } });
    expect(await blobs.get(here, keyOf("secret"))).toMatchObject({ ok: false, error: { code: "blob_not_found" } });
  });

  test("refuses bytes that are not those of the key, and keeps none of them", async () => {
    const refused = await blobs.put(here, keyOf("right"), [Buffer.from("wrong")]);
    expect(refused).toMatchObject({ ok: false, error: { code: "hash_mismatch" } });
    expect(await blobs.size(here, keyOf("right"))).toMatchObject({ ok: false });
  });

  test("checks the bytes also of a blob that is there", async () => {
    const key = keyOf("here");
    await blobs.put(here, key, [Buffer.from("here")]);
    expect(await blobs.put(here, key, [Buffer.from("here")])).toMatchObject({ ok: true });
    expect(await blobs.put(here, key, [Buffer.from("other")])).toMatchObject({
      ok: false,
      error: { code: "hash_mismatch" },
    });
    expect(await bytesOf(blobs, key)).toEqual(Buffer.from("here"));
  });

  test("stores the same bytes from many at once", async () => {
    const bytes = Buffer.alloc(200_000, "z");
    const results = await Promise.all(Array.from({ length: 8 }, () => blobs.put(here, keyOf(bytes), [bytes])));
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect((await bytesOf(blobs, keyOf(bytes))).equals(bytes)).toBe(true);
  });

  test("passes on why the source of the bytes gave up", async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("half");
      throw new BodyFailure({ code: "invalid_request", message: "The upload was cut short." });
    }
    const refused = await blobs.put(here, keyOf("half of it"), broken());
    expect(refused).toMatchObject({ ok: false, error: { code: "invalid_request" } });
  });
});

describe("a blob store of files", () => {
  const uploads = (): string => join(directory.path, "projects/default/development+joe/blobs/uploads");

  test("lays a blob below the first two bytes of its key", async () => {
    const key = keyOf("some bytes");
    await blobs.put(here, key, [Buffer.from("some bytes")]);
    const path = join(directory.path, "projects/default/development+joe/blobs", key.slice(0, 2), key.slice(2, 4));
    expect(await readdir(path)).toEqual([key.slice(4)]);
  });

  test("leaves no file of an upload, whether it went well or not", async () => {
    await blobs.put(here, keyOf("right"), [Buffer.from("right")]);
    await blobs.put(here, keyOf("other"), [Buffer.from("wrong")]);
    expect(await readdir(uploads())).toEqual([]);
  });

  test("removes what an earlier process left, unless it may still be written", async () => {
    await mkdir(uploads(), { recursive: true });
    await writeFile(join(uploads(), "1-1"), "left long ago");
    await writeFile(join(uploads(), "1-2"), "just now");
    const longAgo = (realClock.now() - UPLOAD_LEFTOVER_MS - 60_000) / 1_000;
    await utimes(join(uploads(), "1-1"), longAgo, longAgo);
    await blobs.put(here, keyOf("x"), [Buffer.from("x")]);
    expect(await readdir(uploads())).toEqual(["1-2"]);
  });

  test("stores for an environment that was deleted and made again", async () => {
    await blobs.put(here, keyOf("x"), [Buffer.from("x")]);
    await rm(join(directory.path, "projects/default/development+joe"), { recursive: true });
    expect(await blobs.put(here, keyOf("x"), [Buffer.from("x")])).toEqual({ ok: true, value: null });
    expect(await bytesOf(blobs, keyOf("x"))).toEqual(Buffer.from("x"));
  });

  test("stores again once the disk lets it, after it did not", async () => {
    const root = join(directory.path, "projects/default/development+joe/blobs");
    await writeFile(root, "in the way");
    await expect(blobs.put(here, keyOf("x"), [Buffer.from("x")])).rejects.toThrow("ENOTDIR");
    await rm(root);
    expect(await blobs.put(here, keyOf("x"), [Buffer.from("x")])).toEqual({ ok: true, value: null });
  });

  test("takes the first uploads of an environment at the same time", async () => {
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
    const stored = await Promise.all(texts.map((text) => blobs.put(here, keyOf(text), [Buffer.from(text)])));
    expect(stored.filter(({ ok }) => ok)).toHaveLength(20);
  });

  test("says so when the environment is deleted under an upload", async () => {
    const directoryOf = join(directory.path, "projects/default/development+joe");
    async function* slowly(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("x");
      await rm(directoryOf, { recursive: true });
    }
    expect(await blobs.put(here, keyOf("x"), slowly())).toMatchObject({ error: { code: "environment_not_found" } });
  });

  test("finds another name when an earlier process of the same number left one", async () => {
    await mkdir(uploads(), { recursive: true });
    await writeFile(join(uploads(), `${process.pid}-1`), "left");
    expect(await blobs.put(here, keyOf("x"), [Buffer.from("x")])).toMatchObject({ ok: true });
  });
});
