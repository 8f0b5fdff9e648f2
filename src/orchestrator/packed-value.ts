import { pack } from "../process/pack.ts";
import { LINK_FRAME_LIMIT_BYTES } from "../protocol/link-frame.ts";
import type { PagedRun } from "./views/run-view.ts";
import { ViewTooCostly } from "./views/view-budget.ts";

/** One packed value in parts that are sent one behind the other. */
export type PackedValue = readonly Uint8Array<ArrayBuffer>[];

export function packValue(value: unknown): PackedValue {
  return [copyOf(pack(value))];
}

/**
 * The view of a run, page by page: the steps of a run of 100,000 take 200 MB as objects and 36 MB packed. In msgpack a map is its head and
 * then its members, a list its head and then its entries.
 */
export function packRun({ summary, stepCount, pages }: PagedRun): PackedValue {
  const members = copyOf(pack(summary));
  members[0] = smallMap | (Object.keys(summary).length + 1);
  const parts = [members, copyOf(pack("steps")), listHead(stepCount)];
  let bytes = 0;
  for (const page of pages) {
    const part = copyOf(pack(page).subarray(listHead(page.length).byteLength));
    bytes += part.byteLength;
    if (bytes > RUN_LIMIT_BYTES)
      throw new ViewTooCostly(`The view of this run takes more than ${RUN_LIMIT_BYTES} bytes.`);
    parts.push(part);
  }
  return parts;
}

/** What fits into one frame of the link with some room for the envelope. */
const RUN_LIMIT_BYTES = LINK_FRAME_LIMIT_BYTES - 4_096;

const smallMap = 0x80;
const smallList = 0x90;
const list16 = 0xdc;
const list32 = 0xdd;

/** As the packer writes it: a list of less than 16 entries begins with one byte, one of less than 65,536 with three, any other with five. */
function listHead(length: number): Uint8Array<ArrayBuffer> {
  if (length < 16) return Uint8Array.of(smallList | length);
  if (length < 65_536) return Uint8Array.of(list16, length >>> 8, length & 0xff);
  return Uint8Array.of(list32, length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff);
}

/** The packer uses its buffer again. */
function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
