import { BLOB_THRESHOLD_BYTES, BODY_LIMIT_BYTES } from "../protocol/limits.ts";
import { valueToApi } from "../protocol/value-format/api-form.ts";
import type { Encoded } from "../protocol/value-format/encode.ts";

// The large arguments of a start whose body would be more than the server takes go ahead of it, as blobs.

/** Stores bytes in the environment under their SHA-256. */
export type PutBlob = (key: string, bytes: Uint8Array<ArrayBuffer>) => Promise<unknown>;

/** Whether the server takes the text as a body. */
export function fitsBody(text: string): boolean {
  if (text.length * 3 <= BODY_LIMIT_BYTES) return true; // No UTF-16 unit takes more than three bytes.
  return new TextEncoder().encode(text).byteLength <= BODY_LIMIT_BYTES;
}

/** Stores a large argument; gives what stands for it in the body. Undefined for a small one, which stays there itself. */
export async function storeLarge({ data, references }: Encoded, put: PutBlob): Promise<unknown> {
  const bytes = new TextEncoder().encode(data);
  const size = bytes.byteLength;
  if (size <= BLOB_THRESHOLD_BYTES) return undefined;
  const key = hexOf(await crypto.subtle.digest("SHA-256", bytes));
  await put(key, bytes);
  return valueToApi({ kind: "blob", key, size, references });
}

function hexOf(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
