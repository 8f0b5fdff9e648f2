import { LINK_FRAME_LIMIT_BYTES } from "../protocol/link-frame.ts";
import type { PagedRun } from "./views/run-view.ts";
import { ViewTooCostly } from "./views/view-budget.ts";

/**
 * JSON as UTF-8, in parts that are sent one behind the other. What holds values of users leaves this process as such text, because msgpack
 * would lose their lone surrogates, and the gateway passes it on as JSON in any case.
 */
export type JsonText = readonly Uint8Array<ArrayBuffer>[];

const encoder = new TextEncoder();

export function jsonText(value: unknown): JsonText {
  return [encoder.encode(JSON.stringify(value))];
}

/** The view of a run, page by page: the steps of a run of 100,000 take 200 MB as objects, and a fifth of that as text. */
export function runText({ summary, pages }: PagedRun): JsonText {
  const members = JSON.stringify(summary).slice(0, -"}".length);
  const parts = [encoder.encode(`${members},"steps":[`)];
  let bytes = 0;
  for (const page of pages) {
    const entries = JSON.stringify(page).slice("[".length, -"]".length);
    const part = encoder.encode(parts.length === 1 ? entries : `,${entries}`);
    bytes += part.byteLength;
    if (bytes > RUN_LIMIT_BYTES)
      throw new ViewTooCostly(`the view of this run takes more than ${RUN_LIMIT_BYTES} bytes`);
    parts.push(part);
  }
  parts.push(encoder.encode("]}"));
  return parts;
}

/** What fits into one frame of the link with some room for what surrounds the steps. */
const RUN_LIMIT_BYTES = LINK_FRAME_LIMIT_BYTES - 4_096;
