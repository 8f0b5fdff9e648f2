import { JSON_HEAD_BYTES } from "../protocol/link-frame.ts";

/** Reads what an orchestrator says in JSON: the number of the request or subscription that it answers, and the value. Throws on anything else. */
export function readNumberedJson(payload: Buffer): { readonly number: number; readonly value: unknown } {
  return { number: payload.readDoubleBE(0), value: JSON.parse(payload.toString("utf8", JSON_HEAD_BYTES)) };
}
