import { BLOB_THRESHOLD_BYTES } from "../../protocol/limits.ts";
import { type Result, failure, ok } from "../../base/result.ts";
import type { BlobKey } from "../../protocol/ids.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { EnvironmentRef } from "../environment-link.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import { INLINE_ARGUMENTS_LIMIT_BYTES } from "../limits.ts";
import type { RequestParams } from "../../protocol/orchestrator-requests.ts";
import type { BlobValue } from "../../protocol/values.ts";
import { createHash } from "node:crypto";
import { notFound } from "../../protocol/failures.ts";
import { parseBlobKey } from "../../protocol/ids.ts";
import { blobFromApi, valueFromApi } from "../../protocol/value-format/api-form.ts";

type Arguments = RequestParams<"start-run">["arguments"];

export interface ApiArgument {
  /** Where the client wrote it: `arguments[0]`. */
  readonly field: string;
  readonly value: unknown;
}

/**
 * Turns arguments in API form into values. Large ones are stored as blobs before anyone hears of them. One that the client stored as a blob must
 * be there, but is not read: what is wrong with its text shows when the function is called.
 */
export async function encodeArguments(
  blobs: BlobStore,
  ref: EnvironmentRef,
  args: readonly ApiArgument[],
): Promise<Result<Arguments, Failure>> {
  const values: Arguments = [];
  let inlineBytes = 0;
  for (const { field, value } of args) {
    const blob = blobFromApi(value);
    if (blob !== undefined) {
      const found = blob.ok ? await find(blobs, ref, blob.value) : blob;
      if (!found.ok) return failure(naming(field, found.error));
      values.push({ ...found.value, references: [...found.value.references] });
      continue;
    }
    const encoded = valueFromApi(value);
    if (!encoded.ok) return failure(naming(field, encoded.error));
    const { data } = encoded.value;
    const references = [...encoded.value.references];
    const bytes = Buffer.byteLength(data);
    if (bytes <= BLOB_THRESHOLD_BYTES && inlineBytes + bytes <= INLINE_ARGUMENTS_LIMIT_BYTES) {
      inlineBytes += bytes;
      values.push({ kind: "inline", data, references });
      continue;
    }
    const stored = await store(blobs, ref, Buffer.from(data));
    if (!stored.ok) return stored;
    values.push({ kind: "blob", key: stored.value, size: bytes, references });
  }
  return ok(values);
}

/** The blob if it is in this environment and has this size. */
async function find(blobs: BlobStore, ref: EnvironmentRef, blob: BlobValue): Promise<Result<BlobValue, Failure>> {
  const { key, size } = blob;
  const found = await blobs.size(ref, keyOf(key));
  if (found.ok && found.value === size) return ok(blob);
  if (found.ok) {
    const message = `the blob "${key}" has ${found.value} bytes, not ${size}: send the size that it has`;
    return failure({ code: "invalid_value", message, details: { key, size: found.value } });
  }
  if (found.error.code !== "blob_not_found") return found;
  const { message } = notFound("blob_not_found", key, `store it first, with PUT …/blobs/${key}`);
  return failure({ code: "invalid_value", message, details: { key } }); // 404 would speak of the path.
}

async function store(blobs: BlobStore, ref: EnvironmentRef, bytes: Buffer): Promise<Result<BlobKey, Failure>> {
  const key = keyOf(createHash("sha256").update(bytes).digest("hex"));
  const stored = await blobs.put(ref, key, [bytes]);
  return stored.ok ? ok(key) : stored;
}

/** Of a text that is known to be one. */
function keyOf(text: string): BlobKey {
  const key = parseBlobKey(text);
  if (key === undefined) throw new Error(`${text} is no key of a blob`);
  return key;
}

function naming(field: string, refusal: Failure): Failure {
  return { ...refusal, message: `${field}: ${refusal.message}`, details: { field, ...refusal.details } };
}
