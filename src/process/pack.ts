import { Packr } from "msgpackr";

// One way to pack for every channel of ours: plain msgpack without records, so that each message stands alone and a failed one cannot
// spoil the next; large integers read as numbers, which the shapes then bound.
const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: "number", copyBuffers: false });

/** Packs plain data (no class instances). The bytes are valid until the next call: send or copy them at once. */
export function pack(value: unknown): Uint8Array {
  return packr.pack(value);
}

/** Unpacks, or throws when the bytes are not msgpack. Binary members are views on `bytes`. */
export function unpack(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}

/** Unpacks what must be a list, as every message of ours is; throws on anything else. */
export function unpackList(bytes: Uint8Array): readonly unknown[] {
  const value = unpack(bytes);
  if (Array.isArray(value)) return value;
  throw new Error("a payload that is no list");
}
