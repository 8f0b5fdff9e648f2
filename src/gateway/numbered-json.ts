import { JSON_HEAD_BYTES } from "../protocol/link-frame.ts";

/** Reads what an orchestrator says in JSON: the number of the request or subscription that it answers, and the text. Throws on anything shorter. */
export function readNumberedJson(payload: Buffer): { readonly number: number; readonly json: Buffer<ArrayBuffer> } {
  return { number: payload.readDoubleBE(0), json: payload.subarray(JSON_HEAD_BYTES) as Buffer<ArrayBuffer> }; // Sockets share no memory.
}

export function parseJson(json: Buffer): unknown {
  return JSON.parse(json.toString());
}
