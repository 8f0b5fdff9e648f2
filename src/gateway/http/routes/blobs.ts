import type { ApiParts, RouteHandlers } from "../route-handlers.ts";
import { BodyFailure } from "../../blobs/blob-store.ts";
import { BLOB_LIMIT_BYTES } from "../../../protocol/limits.ts";
import { BODY_WAIT_MS } from "../../limits.ts";
import { archived, notFound } from "../../../protocol/failures.ts";
import type { Timers } from "../../../base/clock.ts";
import { failure } from "../../../base/result.ts";
import { malformed } from "../refusals.ts";
import { parseBlobKey } from "../../../protocol/ids.ts";
import { within } from "../../../process/scope.ts";

/** Blobs of an environment, by the SHA-256 of their bytes. No key that is not one reaches the disk. */
export function blobRoutes({ links, blobs, timers }: ApiParts): RouteHandlers<"get-blob" | "put-blob"> {
  return {
    async "get-blob"({ parameters, raw }) {
      const found = await links.find(parameters);
      if (!found.ok) return found;
      const key = parseBlobKey(parameters.key);
      if (key === undefined) return failure(notFound("blob_not_found", parameters.key));
      if (raw.method === "HEAD") {
        const size = await blobs.size(parameters, key);
        return size.ok ? new Response(null, { headers: blobHeaders(size.value) }) : size;
      }
      const blob = await blobs.get(parameters, key);
      return blob.ok ? new Response(blob.value.body, { headers: blobHeaders(blob.value.size) }) : blob;
    },

    async "put-blob"({ parameters, raw }) {
      const key = parseBlobKey(parameters.key);
      if (key === undefined) {
        return failure({
          code: "invalid_key",
          message: "a blob key has 64 lower-case hex digits: the SHA-256 of the bytes",
        });
      }
      if (Number(raw.headers.get("content-length")) > BLOB_LIMIT_BYTES) {
        return failure({ code: "body_too_large", message: `a blob has at most ${BLOB_LIMIT_BYTES} bytes` });
      }
      const found = await links.find(parameters);
      if (!found.ok) return found;
      if (found.value.isArchived) return failure(archived(parameters.environment));
      return blobs.put(parameters, key, arriving(raw.body, timers));
    },
  };
}

/** Bytes are nobody's page: a browser must neither guess a type nor run them. They never change, so they may be kept for ever. */
function blobHeaders(size: number): Record<string, string> {
  return {
    "content-type": "application/octet-stream",
    "content-length": String(size),
    "x-content-type-options": "nosniff",
    "cache-control": "private, max-age=31536000, immutable",
  };
}

/** The bytes of a body as they arrive; an upload that stands still is given up. */
async function* arriving(body: Request["body"], timers: Timers): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const piece = await within(reader.read(), BODY_WAIT_MS, timers);
      if (piece === undefined) throw new BodyFailure(malformed("the upload stood still"));
      if (piece.done) return;
      yield piece.value;
    }
  } catch (error) {
    if (error instanceof BodyFailure) throw error;
    throw new BodyFailure(malformed("the upload was cut short"));
  } finally {
    await reader.cancel().catch(() => undefined); // Of a broken stream there is nothing left to cancel.
  }
}
