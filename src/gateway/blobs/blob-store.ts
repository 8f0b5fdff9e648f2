import type { BlobKey } from "../../protocol/ids.ts";
import type { EnvironmentRef } from "../environment-link.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import type { ReadableStream } from "node:stream/web";
import type { Result } from "../../base/result.ts";

/** Bytes under the SHA-256 of themselves, apart for each environment. What is stored never changes. */
export interface BlobStore {
  /**
   * Stores the bytes; once it resolves well they survive a loss of power. Storing what is there already checks the bytes and changes nothing.
   * Failures: `hash_mismatch`, `body_too_large`, `storage_full`, `overloaded`, or what the bytes' source threw as a `BodyFailure`.
   */
  put(
    ref: EnvironmentRef,
    key: BlobKey,
    bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<Result<null, Failure>>;
  /** Its size in bytes, or `blob_not_found`. */
  size(ref: EnvironmentRef, key: BlobKey): Promise<Result<number, Failure>>;
  /** The bytes, or `blob_not_found`: a small blob whole, a larger one as a stream. */
  get(ref: EnvironmentRef, key: BlobKey): Promise<Result<StoredBlob, Failure>>;
}

export interface StoredBlob {
  readonly size: number;
  readonly body: Uint8Array | ReadableStream<Uint8Array>;
}

/** The source of the bytes gave up: what the client hears. */
export class BodyFailure extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}
