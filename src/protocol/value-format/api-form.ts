import { type Result, failure, ok } from "../../base/result.ts";
import type { Failure } from "../error-codes.ts";
import { parseBlobKey, parseExecutionId } from "../ids.ts";
import { BLOB_LIMIT_BYTES, DEPTH_LIMIT, REFERENCES_LIMIT } from "../limits.ts";
import type { BlobValue, Reference, Value } from "../values.ts";
import { checkData } from "./decode.ts";
import type { Encoded } from "./encode.ts";
import { type Json, type JsonObject, isJsonArray, isJsonObject } from "./json.ts";
import { JSON_LEVELS_PER_LEVEL } from "./limits.ts";
import { SerializationError } from "./serialization-error.ts";

// The form that the HTTP API shows and takes: the value's own JSON, but a reference says what it refers to where it stands,
// `{"$":"ref","v":{"kind":"execution","id":…,"target":…}}`, so that a value is one piece of JSON.

/**
 * A value as the API shows it. One that travels as a blob shows where its text is: `{"$":"blob","v":{"key":…,"size":…}}`, with `references`
 * where the text has some, which it then names by position.
 */
export function valueToApi(value: Value): unknown {
  if (value.kind === "blob") {
    const { key, size, references } = value;
    return { $: "blob", v: references.length === 0 ? { key, size } : { key, size, references } };
  }
  const node: Json = JSON.parse(value.data);
  if (value.references.length === 0) return node;
  return withReferences(node, (payload) => show(value.references[typeof payload === "number" ? payload : -1]), 0);
}

/** Reads JSON that a client sent as a value and checks that it is one. Refused with `invalid_value`, and the path in `details`. */
export function valueFromApi(input: unknown): Result<Encoded, Failure> {
  const references: Reference[] = [];
  try {
    const json = input as Json; // It was parsed from JSON text.
    const node = withReferences(json, (payload) => references.push(read(payload)) - 1, 0);
    const data = JSON.stringify(node);
    checkData(data, references.length);
    return ok({ data, references });
  } catch (error) {
    return failure(refusal(error));
  }
}

/**
 * Reads the blob that a client sent for a whole argument, in the form in which valueToApi shows one; undefined when it sent something else.
 * Neither that the blob is there nor what it holds is looked at. Refused with `invalid_value`, and the path in `details`.
 */
export function blobFromApi(input: unknown): Result<BlobValue, Failure> | undefined {
  const json = input as Json; // It was parsed from JSON text.
  if (!isJsonObject(json) || json["$"] !== "blob") return undefined;
  try {
    return ok(readBlob(json));
  } catch (error) {
    return failure(refusal(error));
  }
}

function refusal(error: unknown): Failure {
  if (!(error instanceof SerializationError)) throw error;
  return { code: "invalid_value", message: error.message, details: { path: error.path } };
}

function readBlob(node: JsonObject): BlobValue {
  const { v: payload } = node;
  const { key, size, references = [], ...unknown } = isJsonObject(payload) ? payload : {};
  const hasOthers = Object.keys(node).length > 2 || Object.keys(unknown).length > 0;
  if (hasOthers || typeof key !== "string" || parseBlobKey(key) === undefined || !isJsonArray(references)) {
    throw new SerializationError("value", 'is a blob but not of the form {"$":"blob","v":{"key":…,"size":…}}');
  }
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0 || size > BLOB_LIMIT_BYTES) {
    throw new SerializationError(
      "value",
      `is a blob whose size is not a number of bytes from 0 to ${BLOB_LIMIT_BYTES}`,
    );
  }
  if (references.length > REFERENCES_LIMIT) {
    throw new SerializationError("value", `has more than ${REFERENCES_LIMIT} references`);
  }
  return { kind: "blob", key, size, references: references.map(read) };
}

/** The same JSON with the payloads of its references replaced, and with the numbers kept that JSON.stringify would change. */
function withReferences(node: Json | undefined, replace: (payload: Json | undefined) => Json, level: number): Json {
  if (level > DEPTH_LIMIT * JSON_LEVELS_PER_LEVEL) {
    throw new SerializationError("value", `is nested deeper than ${DEPTH_LIMIT} levels`);
  }
  if (Object.is(node, -0)) return { $: "number", v: "-0" };
  if (typeof node === "number" && !Number.isFinite(node)) {
    throw new SerializationError("value", "holds a number beyond the range of a double");
  }
  if (isJsonArray(node)) return node.map((item) => withReferences(item, replace, level + 1));
  if (!isJsonObject(node)) return node ?? null;
  const { $: tag, v: payload } = node;
  if (tag === "ref" && Object.hasOwn(node, "$")) return { ...node, v: replace(payload) };
  // The keys of such a payload are literal: a `$` among them makes no tag.
  const isEscape = (tag === "object" || tag === "null-object") && isJsonObject(payload);
  return isEscape ? { ...node, v: members(payload, replace, level) } : members(node, replace, level);
}

function members(node: JsonObject, replace: (payload: Json | undefined) => Json, level: number): JsonObject {
  return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, withReferences(item, replace, level + 1)]));
}

function show(reference: Reference | undefined): Json {
  return reference === undefined ? null : { ...reference };
}

function read(payload: Json | undefined): Reference {
  const { kind, id, target, key, size } = isJsonObject(payload) ? payload : {};
  if (
    kind === "execution" &&
    typeof id === "string" &&
    parseExecutionId(id) !== undefined &&
    typeof target === "string"
  ) {
    return { kind, id, target };
  }
  if (kind === "asset" && typeof id === "string" && /^A\w{1,62}$/.test(id)) return { kind, id };
  if (kind === "blob" && typeof key === "string" && parseBlobKey(key) !== undefined && Number.isSafeInteger(size)) {
    return { kind, key, size: Number(size) };
  }
  throw new SerializationError(
    "value",
    'holds a reference that is not one, for example {"kind":"execution","id":…,"target":…}',
  );
}
