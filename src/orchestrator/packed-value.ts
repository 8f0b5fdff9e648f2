import { listHead, packToKeep, smallMapHead } from "../process/pack.ts";
import { LINK_FRAME_LIMIT_BYTES } from "../protocol/link-frame.ts";
import type { PagedRun } from "./views/run-view.ts";
import { ViewTooCostly } from "./views/view-budget.ts";

/** One packed value in parts that are sent one behind the other. */
export type PackedValue = readonly Uint8Array<ArrayBuffer>[];

export function packValue(value: unknown): PackedValue {
  return [packToKeep(value)];
}

/**
 * The view of a run, page by page: the steps of a run of 100,000 take 200 MB as objects and 36 MB packed.
 */
export function packRun({ summary, stepCount, pages }: PagedRun): PackedValue {
  const members = packToKeep(summary).subarray(smallMapHead(0).byteLength);
  const parts = [smallMapHead(Object.keys(summary).length + 1), members, packToKeep("steps"), listHead(stepCount)];
  let bytes = 0;
  for (const page of pages) {
    const part = packToKeep(page).subarray(listHead(page.length).byteLength);
    bytes += part.byteLength;
    if (bytes > RUN_LIMIT_BYTES)
      throw new ViewTooCostly(`The view of this run takes more than ${RUN_LIMIT_BYTES} bytes.`);
    parts.push(part);
  }
  return parts;
}

/** What fits into one frame of the link with some room for the envelope. */
const RUN_LIMIT_BYTES = LINK_FRAME_LIMIT_BYTES - 4_096;
