import { MESSAGE_LIMIT_BYTES } from "../protocol/limits.ts";
import { SerializationError } from "../protocol/value-format/serialization-error.ts";
import type { Value } from "../protocol/values.ts";
import type { BlobTransfer } from "../sdk/runtime.ts";

/** What a reference takes besides its texts. */
const REFERENCE_OVERHEAD_BYTES = 16;

/**
 * Arguments that fit into one message. Each alone is small enough to travel in it, but all together may not be: then the largest become blobs
 * until they do, and the result is a promise.
 */
export function fitArguments(
  values: readonly Value[],
  blobs: BlobTransfer,
): readonly Value[] | Promise<readonly Value[]> {
  let characters = 0;
  let references = 0;
  for (const value of values) {
    if (value.kind === "inline") characters += value.data.length;
    if (value.references.length > 0) references += referencesBytes(value);
  }
  if (references > MESSAGE_LIMIT_BYTES / 2) {
    throw new SerializationError("args", "refer to too many executions together: pass them in several calls");
  }
  return characters * 3 + references <= MESSAGE_LIMIT_BYTES ? values : storeLargest(values, references, blobs);
}

async function storeLargest(
  values: readonly Value[],
  references: number,
  blobs: BlobTransfer,
): Promise<readonly Value[]> {
  const sizes = values.map((value) => (value.kind === "inline" ? Buffer.byteLength(value.data) : 0));
  let excess = sizes.reduce((sum, size) => sum + size, references) - MESSAGE_LIMIT_BYTES;
  const stored = new Set<number>();
  const largestFirst = sizes.map((_, index) => index).toSorted((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0));
  for (const index of largestFirst) {
    if (excess <= 0) break;
    excess -= sizes[index] ?? 0;
    stored.add(index);
  }
  return await Promise.all(
    values.map(async (value, index) => (stored.has(index) ? await toBlob(value, blobs) : value)),
  );
}

async function toBlob(value: Value, blobs: BlobTransfer): Promise<Value> {
  if (value.kind === "blob") return value;
  const { key, size } = await blobs.put(new TextEncoder().encode(value.data));
  return { kind: "blob", key, size, references: value.references };
}

function referencesBytes({ references }: Value): number {
  return references.reduce((sum, reference) => sum + REFERENCE_OVERHEAD_BYTES + referenceCharacters(reference), 0);
}

function referenceCharacters(reference: Value["references"][number]): number {
  if (reference.kind === "blob") return reference.key.length;
  return reference.id.length + (reference.kind === "execution" ? reference.target.length : 0);
}
