import { LINK_LENGTH_BYTES } from "../protocol/link-frame.ts";

/** A frame with its length in place, and room for the `length` bytes that follow it, from LINK_LENGTH_BYTES on. */
export function beginFrame(length: number): Buffer {
  const frame = Buffer.allocUnsafe(LINK_LENGTH_BYTES + length);
  frame.writeUInt32BE(length, 0);
  return frame;
}

/** Takes the bytes of a stream as they come and gives whole frames. The length that stands before each counts what follows it. */
export interface Framer {
  /** Calls `onFrame` for every frame that these bytes complete. Throws on a length beyond the limit: the stream is then lost. */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void;
}

export function createFramer(limitBytes: number): Framer {
  let parts: Buffer[] = []; // Of the frame under way, its length included.
  let partsBytes = 0;
  let wantedBytes = LINK_LENGTH_BYTES; // How many bytes the frame under way needs before anything more can be said of it.

  const frameBytes = (buffer: Buffer, offset: number): number => {
    const length = buffer.readUInt32BE(offset);
    if (length > limitBytes) throw new Error(`a frame of ${length} bytes is over the limit of ${limitBytes}`);
    return LINK_LENGTH_BYTES + length;
  };

  return {
    push(arrived, onFrame) {
      parts.push(arrived);
      partsBytes += arrived.byteLength;
      if (partsBytes < wantedBytes) return;
      const chunk = parts.length === 1 ? arrived : Buffer.concat(parts, partsBytes);
      let offset = 0;
      for (;;) {
        const available = chunk.byteLength - offset;
        wantedBytes = available < LINK_LENGTH_BYTES ? LINK_LENGTH_BYTES : frameBytes(chunk, offset);
        if (available < wantedBytes) break;
        onFrame(chunk.subarray(offset + LINK_LENGTH_BYTES, offset + wantedBytes));
        offset += wantedBytes;
      }
      partsBytes = chunk.byteLength - offset;
      parts = partsBytes === 0 ? [] : [chunk.subarray(offset)];
    },
  };
}
