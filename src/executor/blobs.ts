import { createHash } from "node:crypto";
import { doublingDelayMs } from "../base/backoff.ts";
import type { Cancel, Ms, Timers } from "../base/clock.ts";
import type { BlobTransfer } from "../sdk/runtime.ts";
import {
  BLOB_ATTEMPTS_LIMIT,
  BLOB_DEADLINE_MS,
  BLOB_RETRY_FIRST_MS,
  BLOB_RETRY_LIMIT_MS,
  BLOB_UPLOAD_BYTES_PER_MS,
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

  const attempt = async <T>(key: string, { request, deadlineMs, read }: Transfer<T>): Promise<T> => {
    const controller = new AbortController();
    const watch = (): Cancel => timers.after(deadlineMs, () => controller.abort());
    let cancel = watch();
    const goOn = (): void => {
      cancel();
      cancel = watch();
    };
    try {
      const response = await options.fetch(`${options.url}/${key}`, { ...request, signal: controller.signal });
      if (response.ok) return await read(response, goOn);
      const text = (await response.text()).slice(0, 500);
      throw new BlobError(`blob ${key}: the server answered ${response.status} ${text}`, response.status < 500);
    } finally {
      cancel();
    }
  };

  const transfer = async <T>(key: string, wanted: Transfer<T>): Promise<T> => {
    for (let failures = 0; ; failures++) {
      try {
        return await attempt(key, wanted);
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
      transfer(key, {
        request: {},
        deadlineMs: BLOB_DEADLINE_MS,
        async read(response, goOn) {
          const bytes = await bytesOf(response, goOn);
          if (keyOf(bytes) !== key) throw new BlobError(`blob ${key}: other bytes came than its key stands for`, false);
          remember(key);
          return bytes;
        },
      }),
    async put(bytes) {
      const key = keyOf(bytes);
      if (!stored.has(key)) {
        const headers = { "content-type": "application/octet-stream" };
        const deadlineMs = BLOB_DEADLINE_MS + bytes.byteLength / BLOB_UPLOAD_BYTES_PER_MS;
        const request = { method: "PUT", headers, body: new Uint8Array(bytes) };
        await transfer(key, { request, deadlineMs, read: (response) => response.text() });
      }
      remember(key);
      return { key, size: bytes.byteLength };
    },
  };
}

interface Transfer<T> {
  readonly request: RequestInit;
  /** How long it may take; a download calls `goOn` whenever something has come, and has as long again. */
  readonly deadlineMs: Ms;
  readonly read: (response: Response, goOn: () => void) => Promise<T>;
}

async function bytesOf({ body }: Response, onChunk: () => void): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const reader = body?.getReader();
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    chunks.push(part.value);
    onChunk();
  }
  return Buffer.concat(chunks);
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
