import { BLOB_THRESHOLD_BYTES } from "../../protocol/limits.ts";
import { type Result, failure, ok } from "../../base/result.ts";
import type { BlobKey } from "../../protocol/ids.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { EnvironmentRef } from "../environment-link.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import { INLINE_ARGUMENTS_LIMIT_BYTES } from "../limits.ts";
import type { RequestParams } from "../../protocol/orchestrator-requests.ts";
import { createHash } from "node:crypto";
import { parseBlobKey } from "../../protocol/ids.ts";
import { valueFromApi } from "../../protocol/value-format/api-form.ts";

type Arguments = RequestParams<"start-run">["arguments"];

/** Turns arguments in API form into values. Large ones are stored as blobs before anyone hears of them. */
export async function encodeArguments(
  blobs: BlobStore,
  ref: EnvironmentRef,
  args: readonly unknown[],
): Promise<Result<Arguments, Failure>> {
  const values: Arguments = [];
  let inlineBytes = 0;
  for (const [index, argument] of args.entries()) {
    const encoded = valueFromApi(argument);
    if (!encoded.ok) return failure(naming(`arguments[${index}]`, encoded.error));
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

async function store(blobs: BlobStore, ref: EnvironmentRef, bytes: Buffer): Promise<Result<BlobKey, Failure>> {
  const key = parseBlobKey(createHash("sha256").update(bytes).digest("hex"));
  if (key === undefined) throw new Error("a SHA-256 that is no key");
  const stored = await blobs.put(ref, key, [bytes]);
  return stored.ok ? ok(key) : stored;
}

function naming(field: string, refusal: Failure): Failure {
  return { ...refusal, message: `${field}: ${refusal.message}`, details: { field, ...refusal.details } };
}
