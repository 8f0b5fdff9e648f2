import type { Duplex } from "node:stream";
import { errorText } from "../base/error-text.ts";
import { LINK_FRAME_LIMIT_BYTES, LINK_LENGTH_BYTES, type LinkType, linkTypes } from "../protocol/link-frame.ts";
import { LINK_WINDOW_BYTES, LINK_WINDOW_FRAMES } from "../protocol/limits.ts";
import { beginFrame, createFramer } from "./framer.ts";
import { pack } from "./pack.ts";

// A link carries frames over one stream, with credit: each side may have so many bytes and frames in flight until the other says that it has
// handled some. Whoever forwards from a source asks `hasCredit` and stops reading the source while it is false.

export interface LinkEvents {
  /** One frame. Call `handled()` once what it asked for is done (an orchestrator: committed); only that gives the sender credit again. */
  onFrame(type: number, payload: Buffer, handled: () => void): void;
  /** Credit is back after `hasCredit()` was false. */
  onCredit(): void;
  /** The stream ended or broke; nothing more will come. Called once. */
  onClose(reason: string): void;
}

export interface Link {
  /** Sends a frame made of these parts. Sending without credit is allowed (replies must not wait), and is counted. */
  send(type: LinkType, ...parts: readonly Uint8Array[]): void;
  /** Sends a frame whose payload is packed data. */
  sendPacked(type: LinkType, payload: unknown): void;
  hasCredit(): boolean;
  /**
   * Sends nothing more, and closes once the other side has read everything and closes too. A plain close loses what the other side has not read
   * yet when it happens to write: its write fails, and a socket that failed is not read any further.
   */
  end(): void;
  close(): void;
}

/** Credit is returned in steps of a quarter of the window: one small frame for many handled ones. */
const RETURN_BYTES = LINK_WINDOW_BYTES / 4;
const RETURN_FRAMES = LINK_WINDOW_FRAMES / 4;

export function createLink(stream: Duplex, events: LinkEvents): Link {
  const framer = createFramer(LINK_FRAME_LIMIT_BYTES);
  let unreturnedBytes = 0; // Sent by us, not handled by the other side.
  let unreturnedFrames = 0;
  let handledBytes = 0; // Handled by us, credit not yet returned.
  let handledFrames = 0;
  let isCorked = false;
  let hasEnded = false;
  let isClosed = false;

  const hasCredit = (): boolean => unreturnedBytes < LINK_WINDOW_BYTES && unreturnedFrames < LINK_WINDOW_FRAMES;

  const closeWith = (reason: string): void => {
    if (isClosed) return;
    isClosed = true;
    stream.destroy();
    events.onClose(reason);
  };

  /** One write for all frames of this turn: the first corks the stream, the end of the turn lets it go. */
  const write = (bytes: Uint8Array): void => {
    if (!isCorked) {
      isCorked = true;
      stream.cork();
      process.nextTick(() => {
        isCorked = false;
        stream.uncork();
      });
    }
    stream.write(bytes);
  };

  const send = (type: LinkType, ...parts: readonly Uint8Array[]): void => {
    if (isClosed || hasEnded) return;
    let length = 1;
    for (const part of parts) length += part.byteLength;
    const frame = beginFrame(length);
    frame.writeUInt8(type, LINK_LENGTH_BYTES);
    let offset = LINK_LENGTH_BYTES + 1;
    for (const part of parts) {
      frame.set(part, offset);
      offset += part.byteLength;
    }
    if (type !== linkTypes.credit) {
      unreturnedBytes += length;
      unreturnedFrames += 1;
    }
    write(frame);
  };

  const returnCredit = (): void => {
    const credit = Buffer.allocUnsafe(8);
    credit.writeUInt32BE(handledBytes, 0);
    credit.writeUInt32BE(handledFrames, 4);
    handledBytes = 0;
    handledFrames = 0;
    send(linkTypes.credit, credit);
  };

  const takeCredit = (payload: Buffer): void => {
    if (payload.byteLength !== 8) return closeWith("a malformed credit frame");
    const hadCredit = hasCredit();
    unreturnedBytes = Math.max(0, unreturnedBytes - payload.readUInt32BE(0));
    unreturnedFrames = Math.max(0, unreturnedFrames - payload.readUInt32BE(4));
    if (!hadCredit && hasCredit()) events.onCredit();
  };

  const takeFrame = (frame: Buffer): void => {
    if (isClosed) return;
    if (frame.byteLength === 0) return closeWith("an empty frame");
    const type = frame.readUInt8(0);
    if (type === linkTypes.credit) return takeCredit(frame.subarray(1));
    events.onFrame(type, frame.subarray(1), () => {
      handledBytes += frame.byteLength;
      handledFrames += 1;
      if (handledBytes >= RETURN_BYTES || handledFrames >= RETURN_FRAMES) returnCredit();
    });
  };

  stream.on("data", (chunk: Buffer) => {
    try {
      framer.push(chunk, takeFrame);
    } catch (error) {
      closeWith(errorText(error));
    }
  });
  stream.on("error", (error) => closeWith(error.message));
  stream.on("close", () => closeWith("the other side closed it"));

  return {
    send,
    sendPacked: (type, payload) => send(type, pack(payload)),
    hasCredit,
    end() {
      hasEnded = true;
      stream.end();
    },
    close: () => closeWith("closed here"),
  };
}
