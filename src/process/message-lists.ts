import { pack } from "./pack.ts";

/**
 * Packs messages, in order, into as few lists as the limit allows, and hands over each with the number of messages in it. The bytes are
 * valid during the call. A single message over the limit is a bug of whoever made it: it throws.
 */
export function packLists(
  messages: readonly unknown[],
  limitBytes: number,
  onList: (bytes: Uint8Array, count: number) => void,
): void {
  const bytes = pack(messages);
  if (bytes.byteLength <= limitBytes) return onList(bytes, messages.length);
  if (messages.length === 1)
    throw new Error(`a message of ${bytes.byteLength} bytes is over the limit of ${limitBytes}`);
  const half = messages.length >> 1;
  packLists(messages.slice(0, half), limitBytes, onList);
  packLists(messages.slice(half), limitBytes, onList);
}
