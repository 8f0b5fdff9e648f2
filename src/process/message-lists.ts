import { pack } from "./pack.ts";

/**
 * Packs messages, in order, into about as few lists as the limit allows, and hands over each with the number of messages in it. The bytes are
 * valid during the call. A single message over the limit is a bug of whoever made it: it throws.
 */
export function packLists(
  messages: readonly unknown[],
  limitBytes: number,
  onList: (bytes: Uint8Array, count: number) => void,
): void {
  const { length } = messages;
  const packBy = (size: number): void => {
    for (let start = 0; start < length; start += size) {
      packLists(messages.slice(start, start + size), limitBytes, onList);
    }
  };
  // What turns out to be too much was packed in vain, so it is neither much at once nor often the same.
  if (length > MESSAGES_AT_ONCE) return packBy(MESSAGES_AT_ONCE);
  const bytes = pack(messages);
  const { byteLength } = bytes;
  if (byteLength <= limitBytes) return onList(bytes, length);
  if (length === 1) throw new Error(`a message of ${byteLength} bytes is over the limit of ${limitBytes}`);
  const parts = Math.ceil((byteLength / limitBytes) * ROOM_FOR_UNEVEN); // Two at least, so that each is smaller than the whole.
  packBy(Math.ceil(length / parts));
}

/** More are never packed into one list, however small they are. */
const MESSAGES_AT_ONCE = 1_000;

/** Parts of a list are not equally large: with so many more than would do if they were, most of them fit at once. */
const ROOM_FOR_UNEVEN = 1.05;
