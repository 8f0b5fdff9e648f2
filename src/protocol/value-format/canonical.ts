import { DEPTH_LIMIT } from "../limits.ts";
import type { Reference } from "../values.ts";
import { type Json, type JsonObject, isJsonArray, isJsonObject } from "./json.ts";
import { JSON_LEVELS_PER_LEVEL } from "./limits.ts";
import { SerializationError } from "./serialization-error.ts";

// Equal values, equal text: for keys of caches, memos and idempotent submits. The same JSON as the value's, but object keys are sorted by UTF-16
// code units, the entries of maps and the members of sets by their own canonical text, numbers are written as JavaScript writes them, there
// is no white space, and references stand for what they refer to, whatever their position.

/** Throws a SerializationError for what is not encoded data. Pure: the same input gives the same text on every machine. */
export function canonicalText(data: string, references: readonly Reference[] = []): string {
  return textOf(parse(data), references, 0);
}

function parse(data: string): Json {
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new SerializationError("value", "is not JSON text", { cause });
  }
}

function textOf(node: Json, references: readonly Reference[], level: number): string {
  if (level > DEPTH_LIMIT * JSON_LEVELS_PER_LEVEL) throw malformed(`lies deeper than ${DEPTH_LIMIT} levels`);
  if (typeof node === "number") return numberText(node);
  if (isJsonArray(node)) return listText(node.map((item) => textOf(item, references, level + 1)));
  if (!isJsonObject(node)) return JSON.stringify(node);
  return Object.hasOwn(node, "$") ? taggedText(node, references, level) : objectText(node, references, level);
}

function taggedText(node: JsonObject, references: readonly Reference[], level: number): string {
  const { $: tag, v: payload = null } = node;
  switch (tag) {
    case "map":
      return tagText(
        tag,
        listText(
          list(payload)
            .map((entry) => textOf(entry, references, level + 2))
            .toSorted(),
        ),
      );
    case "set":
      return tagText(
        tag,
        listText(
          list(payload)
            .map((member) => textOf(member, references, level + 2))
            .toSorted(),
        ),
      );
    case "object":
    case "null-object":
      // The keys of the payload are literal: a `$` among them is no tag.
      if (!isJsonObject(payload)) throw malformed(`has a malformed tag "${tag}"`);
      return tagText(tag, objectText(payload, references, level + 1));
    case "ref":
      return tagText(tag, referenceText(references[typeof payload === "number" ? payload : -1]));
    default:
      return objectText(node, references, level);
  }
}

function tagText(tag: string, payload: string): string {
  return `{"$":"${tag}","v":${payload}}`;
}

function objectText(node: JsonObject, references: readonly Reference[], level: number): string {
  const members = Object.entries(node).map(([key, value]): [string, string] => [
    key,
    textOf(value, references, level + 1),
  ]);
  members.sort(([a], [b]) => (a < b ? -1 : 1)); // By code units; never by a locale.
  return `{${members.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(",")}}`;
}

function listText(items: readonly string[]): string {
  return `[${items.join(",")}]`;
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) throw malformed("has a number beyond the range of a double");
  return Object.is(value, -0) ? '{"$":"number","v":"-0"}' : JSON.stringify(value);
}

function referenceText(reference: Reference | undefined): string {
  if (reference === undefined) throw malformed("refers to a reference that it does not have");
  return JSON.stringify([reference.kind, reference.kind === "blob" ? reference.key : reference.id]);
}

function list(payload: Json): readonly Json[] {
  if (isJsonArray(payload)) return payload;
  throw malformed("has a malformed collection");
}

function malformed(reason: string): SerializationError {
  return new SerializationError("value", reason);
}
