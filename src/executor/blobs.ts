import { createHash } from "node:crypto";
import { doublingDelayMs } from "../base/backoff.ts";
import type { Timers } from "../base/clock.ts";
import type { BlobTransfer } from "../sdk/runtime.ts";
import {
  BLOB_ATTEMPTS_LIMIT,
  BLOB_DEADLINE_MS,
  BLOB_RETRY_FIRST_MS,
  BLOB_RETRY_LIMIT_MS,
  STORED_BLOBS_LIMIT,
} from "./limits.ts";

/** Puts and gets blobs over HTTP. What fails in passing is tried again; an error says what was wanted and what came. */
export function createBlobTransfer(options: { url: string; timers: Timers; fetch: typeof fetch }): BlobTransfer {
  const { timers } = options;
  /** Keys that the server has, the one used last at the end. */
  const stored = new Set<string>();

  const remember = (key: string): void => {
    stored.delete(key);
    stored.add(key);
    for (const oldest of stored) if (stored.size > STORED_BLOBS_LIMIT) stored.delete(oldest);
  };

  const attempt = async <T>(
    key: string,
    request: RequestInit,
    read: (response: Response) => Promise<T>,
  ): Promise<T> => {
    const controller = new AbortController();
    const cancel = timers.after(BLOB_DEADLINE_MS, () => controller.abort());
    try {
      const response = await options.fetch(`${options.url}/${key}`, { ...request, signal: controller.signal });
      if (response.ok) return await read(response);
      const text = (await response.text()).slice(0, 500);
      throw new BlobError(`blob ${key}: the server answered ${response.status} ${text}`, response.status < 500);
    } finally {
      cancel();
    }
  };

  const transfer = async <T>(
    key: string,
    request: RequestInit,
    read: (response: Response) => Promise<T>,
  ): Promise<T> => {
    for (let failures = 0; ; failures++) {
      try {
        return await attempt(key, request, read);
      } catch (error) {
        const isFinal = error instanceof BlobError && error.isFinal;
        if (isFinal || failures + 1 >= BLOB_ATTEMPTS_LIMIT) throw error;
      }
      const delayMs = doublingDelayMs(BLOB_RETRY_FIRST_MS, BLOB_RETRY_LIMIT_MS, failures);
      await new Promise<void>((resolve) => timers.after(delayMs, resolve));
    }
  };

  return {
    get: (key) =>
      transfer(key, {}, async (response) => {
        const bytes = new Uint8Array(await response.arrayBuffer());
        if (keyOf(bytes) !== key) throw new BlobError(`blob ${key}: other bytes came than its key stands for`, false);
        remember(key);
        return bytes;
      }),
    async put(bytes) {
      const key = keyOf(bytes);
      if (!stored.has(key)) {
        const headers = { "content-type": "application/octet-stream" };
        await transfer(key, { method: "PUT", headers, body: new Uint8Array(bytes) }, (response) => response.text());
      }
      remember(key);
      return { key, size: bytes.byteLength };
    },
  };
}

/** A transfer that failed; trying again cannot help when it is final. */
class BlobError extends Error {
  override readonly name = "BlobError";
  readonly isFinal: boolean;

  constructor(message: string, isFinal: boolean) {
    super(message);
    this.isFinal = isFinal;
  }
}

function keyOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
