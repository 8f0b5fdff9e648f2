import { Packr } from "msgpackr";

// One way to pack for every channel of ours: plain msgpack without records, so that each message stands alone and a failed one cannot
// spoil the next; large integers read as numbers, which the shapes then bound.
const options = { useRecords: false, variableMapSize: true, int64AsType: "number", copyBuffers: false } as const;
const packr = new Packr(options);
const mapPackr = new Packr({ ...options, mapsAsObjects: false });

/** Packs plain data (no class instances). The bytes are valid until the next call: send or copy them at once. */
export function pack(value: unknown): Uint8Array {
  return packr.pack(value);
}

/** Unpacks, or throws when the bytes are not msgpack. Binary members are views on `bytes`. */
export function unpack(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}

/**
 * Like `unpack`, for data with values of users in it: every key stays what it is. The library renames a key `__proto__` of an object, but not
 * of a Map, so bytes in which that name stands are read as Maps first.
 */
export function unpackExactly(bytes: Buffer): unknown {
  return bytes.includes("__proto__") ? mapsToObjects(mapPackr.unpack(bytes)) : unpack(bytes);
}

function mapsToObjects(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mapsToObjects);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries(Array.from(value, ([key, member]) => [key, mapsToObjects(member)]));
}
