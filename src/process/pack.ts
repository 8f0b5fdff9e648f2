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

/** Unpacks what must be a list, as every message of ours is; throws on anything else. */
export function unpackList(bytes: Uint8Array): readonly unknown[] {
  return listIn(unpack(bytes));
}

/** Like `unpackList`, for a list with values of users in it: their keys stay what they are. */
export function unpackListExactly(bytes: Buffer): readonly unknown[] {
  return listIn(unpackExactly(bytes));
}

function listIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error("a payload that is no list");
}

function mapsToObjects(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mapsToObjects);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries(Array.from(value, ([key, member]) => [key, mapsToObjects(member)]));
}

// A packed list is its head and then its entries, a map its head and then its members: what was packed elsewhere is put in as it is.

const smallMap = 0x80;
const smallList = 0x90;
const list16 = 0xdc;
const list32 = 0xdd;

/** As the packer writes it: a list of less than 16 entries begins with one byte, one of less than 65,536 with three, any other with five. */
export function listHead(length: number): Uint8Array<ArrayBuffer> {
  if (length < 16) return Uint8Array.of(smallList | length);
  if (length < 65_536) return Uint8Array.of(list16, length >>> 8, length & 0xff);
  return Uint8Array.of(list32, length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff);
}

/** Of a map with less than 16 members: one byte. */
export function smallMapHead(size: number): Uint8Array<ArrayBuffer> {
  if (size >= 16) throw new Error(`a map of ${size} members has a longer head`);
  return Uint8Array.of(smallMap | size);
}

/** Like `pack`, with bytes of its own that nothing writes over. */
export function packToKeep(value: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(packr.pack(value));
}
