// Base64 without a dependency on Node: its Buffer is used where there is one, because it is far faster for large values.

const CHUNK_BYTES = 32_768; // String.fromCharCode takes its arguments from the stack.

export function toBase64(bytes: Uint8Array): string {
  if (typeof Buffer !== "undefined") {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  }
  let binary = "";
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(start, start + CHUNK_BYTES));
  }
  return btoa(binary);
}

/** Reads padded standard base64; undefined for any other text, also for what lenient decoders let pass. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = typeof Buffer === "undefined" ? decodePortably(text) : new Uint8Array(Buffer.from(text, "base64"));
  return bytes !== undefined && toBase64(bytes) === text ? bytes : undefined;
}

function decodePortably(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined; // Not base64; atob says so by throwing.
  }
}
