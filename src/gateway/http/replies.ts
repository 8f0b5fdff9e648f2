// How the API answers when all is well: JSON. What it says else: refusals.ts.

export const jsonHeaders = { "content-type": "application/json", "x-content-type-options": "nosniff" };

export function jsonReply(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: jsonHeaders });
}

/** JSON that was written elsewhere. */
export function writtenReply(status: number, json: Uint8Array<ArrayBuffer>): Response {
  return new Response(json, { status, headers: jsonHeaders });
}

export function emptyReply(status: number): Response {
  return new Response(null, { status });
}
