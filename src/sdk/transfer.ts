import { errorText } from "../base/error-text.ts";
import { BLOB_LIMIT_BYTES, BLOB_THRESHOLD_BYTES } from "../protocol/limits.ts";
import { decodeValue } from "../protocol/value-format/decode.ts";
import { type Encoded, encodeValue } from "../protocol/value-format/encode.ts";
import { SerializationError } from "../protocol/value-format/serialization-error.ts";
import type { Reference, Value } from "../protocol/values.ts";
import type { BlobTransfer } from "./runtime.ts";

// Values between user code and messages: handles become references, large values blobs. What needs no waiting is answered at once, so that a
// call with small arguments leaves in the turn in which it was made.

export type Awaitable<T> = T | Promise<T>;

/** What a handle carries under this global symbol: copies of this package understand each other's handles by it. */
export const handleSymbol = Symbol.for("coflux.handle");

export interface HandleState {
  readonly id: Promise<string>;
  /** Undefined until the server has answered. */
  knownId: string | undefined;
  /** `<repository>/<name>`. */
  readonly target: string;
}

/** Encodes values as they are now; waits only for ids of handles and for the upload of what is large. Throws a SerializationError. */
export function encodeAll(
  values: readonly unknown[],
  names: (index: number) => string,
  blobs: BlobTransfer,
): Awaitable<readonly Value[]> {
  // All are encoded before any is uploaded: a refusal must not leave uploads behind that nobody waits for.
  const encoded = values.map((value, index) => encodeValue(value, { reference: handleStateOf, path: names(index) }));
  return inOrder(encoded.map((one, index) => place(one, names(index), blobs)));
}

/** Decodes a value that a message carried; waits only for the download of a large one. */
export function decodeTransferred(
  value: Value,
  path: string,
  blobs: BlobTransfer,
  reference: (reference: Reference) => unknown,
): Awaitable<unknown> {
  if (value.kind === "inline") return decodeValue(value, { reference, path });
  return blobs.get(value.key).then((bytes) => {
    return decodeValue({ data: textOf(bytes, path), references: value.references }, { reference, path });
  });
}

/** Whoever uploaded it may have stored anything. */
function textOf(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const reason = `is a blob of ${bytes.byteLength} bytes that cannot be read as UTF-8 text: ${errorText(cause)}`;
    throw new SerializationError(path, reason, { cause });
  }
}

/** A list of what is there, or a promise of the list. */
export function inOrder<T>(items: readonly Awaitable<T>[]): Awaitable<readonly T[]> {
  return items.every(isHere) ? items : Promise.all(items);
}

function isHere<T>(item: Awaitable<T>): item is T {
  return !(item instanceof Promise);
}

/** The state of a handle; undefined for anything else. */
export function handleStateOf(candidate: object): HandleState | undefined {
  return (candidate as { readonly [handleSymbol]?: HandleState })[handleSymbol]; // Only handles have the symbol.
}

function place({ data, references }: Encoded<HandleState>, path: string, blobs: BlobTransfer): Awaitable<Value> {
  const stored = store(data, path, blobs);
  const resolved = inOrder(references.map(referenceTo));
  if (isHere(stored) && isHere(resolved)) return { ...stored, references: resolved };
  return Promise.all([stored, resolved]).then(([place, found]) => ({ ...place, references: found }));
}

type Stored =
  | { readonly kind: "inline"; readonly data: string }
  | { readonly kind: "blob"; readonly key: string; readonly size: number };

function store(data: string, path: string, blobs: BlobTransfer): Awaitable<Stored> {
  const inline: Stored = { kind: "inline", data };
  if (data.length * 3 <= BLOB_THRESHOLD_BYTES) return inline; // No UTF-16 unit takes more than three bytes.
  const bytes = new TextEncoder().encode(data);
  return bytes.byteLength <= BLOB_THRESHOLD_BYTES ? inline : upload(bytes, path, blobs);
}

async function upload(bytes: Uint8Array, path: string, blobs: BlobTransfer): Promise<Stored> {
  if (bytes.byteLength > BLOB_LIMIT_BYTES) {
    const reason = `takes ${bytes.byteLength} bytes, more than the limit of ${BLOB_LIMIT_BYTES}: pass it in parts`;
    throw new SerializationError(path, reason);
  }
  const { key, size } = await blobs.put(bytes);
  return { kind: "blob", key, size };
}

function referenceTo({ id, knownId, target }: HandleState): Awaitable<Reference> {
  if (knownId !== undefined) return { kind: "execution", id: knownId, target };
  return id.then((resolved) => ({ kind: "execution", id: resolved, target }));
}
