import type { Duplex } from "node:stream";
import { errorText } from "../base/error-text.ts";
import { LINK_LENGTH_BYTES } from "../protocol/link-frame.ts";
import { beginFrame, createFramer } from "./framer.ts";
import { packLists } from "./message-lists.ts";
import { unpackList } from "./pack.ts";

// Lists of messages over one stream, each with its length before it. Everything that is sent in one turn of the event loop travels as one
// list: under load a message costs its bytes, and not a write.

export interface MessageChannelParts<M> {
  /** Largest list, in bytes. */
  readonly limitBytes: number;
  /** Runs something when this turn of the event loop is over. */
  readonly endOfTurn: (run: () => void) => void;
  /** Checks one message; what it throws ends the channel. */
  readonly decode: (input: unknown) => M;
  onMessages(messages: readonly M[]): void;
  /** The stream ended or broke: nothing more will come. Called once. */
  onClose(reason: string): void;
}

export interface MessageChannel {
  /** Sends a message (an array, as the encoders make it) at the end of this turn. */
  send(message: unknown): void;
  /** Hands what was sent to the system at once: for a last word, or before code that may block. */
  flush(): void;
  /** Sends what is left and says that nothing more will follow. */
  end(): void;
}

export function createMessageChannel<M>(stream: Duplex, parts: MessageChannelParts<M>): MessageChannel {
  const framer = createFramer(parts.limitBytes);
  let unsent: unknown[] = [];
  let isClosed = false;

  const close = (reason: string): void => {
    if (isClosed) return;
    isClosed = true;
    stream.destroy();
    parts.onClose(reason);
  };

  const flush = (): void => {
    if (unsent.length === 0 || isClosed) return;
    const messages = unsent;
    unsent = [];
    packLists(messages, parts.limitBytes, (bytes) => {
      const frame = beginFrame(bytes.byteLength);
      frame.set(bytes, LINK_LENGTH_BYTES);
      stream.write(frame);
    });
  };

  /** What is not what we speak ends the channel; what the receiver of the messages throws is its own affair. */
  const read = (chunk: Buffer): M[][] => {
    const lists: M[][] = [];
    try {
      framer.push(chunk, (frame) => void lists.push(unpackList(frame).map(parts.decode)));
    } catch (error) {
      close(errorText(error));
    }
    return lists;
  };

  stream.on("data", (chunk: Buffer) => {
    for (const messages of read(chunk)) parts.onMessages(messages);
  });
  stream.on("error", (error) => close(error.message));
  stream.on("end", () => close("the other side ended it"));
  stream.on("close", () => close("the other side closed it"));

  return {
    send(message) {
      if (unsent.length === 0) parts.endOfTurn(flush);
      unsent.push(message);
    },
    flush,
    end() {
      flush();
      if (!isClosed) stream.end();
    },
  };
}
