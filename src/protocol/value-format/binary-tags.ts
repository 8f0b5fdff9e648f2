import { fromBase64, toBase64 } from "./base64.ts";
import { isJsonArray } from "./json.ts";
import type { Tag } from "./tag.ts";

// Bytes: `["Uint8Array", "AQID"]`. Elements of several bytes are little-endian, as on every machine that runs Node today. Only the bytes that a
// view shows travel, not the rest of its buffer; a buffer that can grow arrives as one that cannot.

type Binary = ArrayBuffer | ArrayBufferView;

interface Kind {
  readonly prototype: object;
  readonly elementBytes: number;
  make(buffer: ArrayBuffer): Binary;
}

const kinds: Readonly<Record<string, Kind>> = {
  ArrayBuffer: { prototype: ArrayBuffer.prototype, elementBytes: 1, make: (buffer) => buffer },
  DataView: { prototype: DataView.prototype, elementBytes: 1, make: (buffer) => new DataView(buffer) },
  Int8Array: { prototype: Int8Array.prototype, elementBytes: 1, make: (buffer) => new Int8Array(buffer) },
  Uint8Array: { prototype: Uint8Array.prototype, elementBytes: 1, make: (buffer) => new Uint8Array(buffer) },
  Uint8ClampedArray: {
    prototype: Uint8ClampedArray.prototype,
    elementBytes: 1,
    make: (buffer) => new Uint8ClampedArray(buffer),
  },
  Int16Array: { prototype: Int16Array.prototype, elementBytes: 2, make: (buffer) => new Int16Array(buffer) },
  Uint16Array: { prototype: Uint16Array.prototype, elementBytes: 2, make: (buffer) => new Uint16Array(buffer) },
  Int32Array: { prototype: Int32Array.prototype, elementBytes: 4, make: (buffer) => new Int32Array(buffer) },
  Uint32Array: { prototype: Uint32Array.prototype, elementBytes: 4, make: (buffer) => new Uint32Array(buffer) },
  Float32Array: { prototype: Float32Array.prototype, elementBytes: 4, make: (buffer) => new Float32Array(buffer) },
  Float64Array: { prototype: Float64Array.prototype, elementBytes: 8, make: (buffer) => new Float64Array(buffer) },
  BigInt64Array: { prototype: BigInt64Array.prototype, elementBytes: 8, make: (buffer) => new BigInt64Array(buffer) },
  BigUint64Array: {
    prototype: BigUint64Array.prototype,
    elementBytes: 8,
    make: (buffer) => new BigUint64Array(buffer),
  },
};

const nameOfPrototype = new Map(Object.entries(kinds).map(([name, kind]) => [kind.prototype, name]));
// Node's Buffer is a Uint8Array with conveniences; it arrives as a Uint8Array, so that the value means the same everywhere.
if (typeof Buffer !== "undefined") nameOfPrototype.set(Buffer.prototype, "Uint8Array");

/** The prototypes whose instances this tag takes. */
export const binaryPrototypes: readonly object[] = [...nameOfPrototype.keys()];

export const binaryTag: Tag<Binary> = {
  name: "binary",
  encode(value, parts) {
    const name = nameOfPrototype.get(Object.getPrototypeOf(value));
    return name === undefined ? parts.refuse("is not a known kind of binary data") : [name, toBase64(bytesOf(value))];
  },
  decode(payload, parts) {
    const [name, text] = isJsonArray(payload) && payload.length === 2 ? payload : [];
    const kind = typeof name === "string" && Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    const bytes = typeof text === "string" ? fromBase64(text) : undefined;
    if (kind === undefined || bytes === undefined || bytes.byteLength % kind.elementBytes !== 0) {
      return parts.refuse("is malformed: binary data is [kind, base64] with whole elements");
    }
    return kind.make(bytes.buffer);
  },
};

function bytesOf(value: Binary): Uint8Array {
  if (!ArrayBuffer.isView(value)) return new Uint8Array(value);
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}
