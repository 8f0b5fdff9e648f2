import { BODY_LIMIT_BYTES, DEPTH_LIMIT } from "../../protocol/limits.ts";
import { type Result, failure, ok } from "../../base/result.ts";
import { BODY_WAIT_MS } from "../limits.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import type { Timers } from "../../base/clock.ts";
import { errorText } from "../../base/error-text.ts";
import { malformed } from "./refusals.ts";
import { refuseInexact } from "./exact-numbers.ts";
import { isDepthWithin } from "./json-depth.ts";
import { isUtf8 } from "node:buffer";
import { within } from "../../process/scope.ts";

/** The object of the request and its list of arguments stand around the values, which have `DEPTH_LIMIT` levels for themselves. */
const BODY_DEPTH_LIMIT = DEPTH_LIMIT + 2;

/** Reads a JSON body: its type, its size (while it arrives), its depth, its syntax and its numbers are checked, in this order. */
export async function readJsonBody(request: Request, timers: Timers): Promise<Result<unknown, Failure>> {
  const refusal = refuseType(request);
  if (refusal !== undefined) return failure(refusal);
  const read = await readBytes(request, timers);
  return read.ok ? parseJson(read.value) : read;
}

function refuseType(request: Request): Failure | undefined {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(type)) {
    const message = type === "" ? "the body has no Content-Type" : `a body of type "${type.slice(0, 100)}" is not read`;
    return { code: "unsupported_media_type", message: `${message}: send Content-Type: application/json` };
  }
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() === "identity") return undefined;
  return {
    code: "unsupported_media_type",
    message: "a compressed body is not read: send it without Content-Encoding",
  };
}

async function readBytes(request: Request, timers: Timers): Promise<Result<Uint8Array, Failure>> {
  const length = Number(request.headers.get("content-length") ?? Number.NaN);
  if (length > BODY_LIMIT_BYTES) return failure(tooLarge());
  const reading = Number.isNaN(length) ? readStream(request.body) : readWhole(request);
  return (await within(reading, BODY_WAIT_MS, timers)) ?? failure(tooSlow());
}

/** The parser of HTTP holds a body to the length it declares, so it cannot be larger than was checked. */
async function readWhole(request: Request): Promise<Result<Uint8Array, Failure>> {
  try {
    return ok(new Uint8Array(await request.arrayBuffer()));
  } catch {
    return failure(cutShort());
  }
}

async function readStream(body: ReadableStream<Uint8Array> | null): Promise<Result<Uint8Array, Failure>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > BODY_LIMIT_BYTES) return failure(tooLarge());
      chunks.push(chunk);
    }
  } catch {
    return failure(cutShort());
  }
  return ok(Buffer.concat(chunks, bytes));
}

function parseJson(bytes: Uint8Array): Result<unknown, Failure> {
  if (!isDepthWithin(bytes, BODY_DEPTH_LIMIT)) {
    const message = `the body nests deeper than ${BODY_DEPTH_LIMIT} levels (${DEPTH_LIMIT} for each argument)`;
    return failure({ code: "too_deep", message, details: { limit: DEPTH_LIMIT } });
  }
  if (!isUtf8(bytes)) return failure({ code: "invalid_json", message: "the body is not UTF-8" });
  try {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
    const json: unknown = JSON.parse(text);
    const inexact = refuseInexact(text);
    return inexact === undefined ? ok(json) : failure(inexact);
  } catch (error) {
    const reason = errorText(error);
    return failure({ code: "invalid_json", message: `the body is not JSON: ${reason}` });
  }
}

function tooLarge(): Failure {
  const message = `the body is larger than ${BODY_LIMIT_BYTES} bytes; upload large values as blobs, and send {"$":"blob","v":{"key":…,"size":…}} for them`;
  return { code: "body_too_large", message, details: { limitBytes: BODY_LIMIT_BYTES } };
}

function cutShort(): Failure {
  return malformed("the body was cut short");
}

function tooSlow(): Failure {
  return malformed(`the body did not arrive within ${BODY_WAIT_MS / 1_000} s`);
}
