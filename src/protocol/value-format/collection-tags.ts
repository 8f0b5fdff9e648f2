import { type Json, type JsonObject, isJsonArray, isJsonObject } from "./json.ts";
import type { PathKey } from "./path.ts";
import type { DecodeParts, EncodeParts, Tag } from "./tag.ts";

/** `[[key, value], …]` in insertion order. */
export const mapTag: Tag<Map<unknown, unknown>> = {
  name: "map",
  encode: (map, parts) =>
    Array.from(map, ([key, value], index) => [parts.part(key, mapKey(index)), parts.part(value, mapValue(key, index))]),
  decode(payload, parts) {
    const map = new Map<unknown, unknown>();
    for (const [index, entry] of listOf(payload, parts).entries()) {
      if (!isJsonArray(entry) || entry.length !== 2)
        return parts.refuse("is malformed: a map is a list of [key, value]");
      const key = parts.part(entry[0], mapKey(index));
      if (map.has(key)) return parts.refuse(`is malformed: the key of map entry ${index} occurs twice`);
      map.set(key, parts.part(entry[1], mapValue(key, index)));
    }
    return map;
  },
};

/** The members in insertion order. */
export const setTag: Tag<Set<unknown>> = {
  name: "set",
  encode: (set, parts) => Array.from(set, (member, index) => parts.part(member, setMember(index))),
  decode(payload, parts) {
    const members = listOf(payload, parts).map((member, index) => parts.part(member, setMember(index)));
    const set = new Set(members);
    return set.size === members.length ? set : parts.refuse("is malformed: a member of a set occurs twice");
  },
};

/** An object with a key `$` of its own, which would otherwise read as a tag. The keys of the payload are taken literally. */
export const objectTag: Tag<object> = {
  name: "object",
  encode: (object, parts) => encodeEntries(object, parts),
  decode: (payload, parts) => decodeEntries(payload, {}, parts),
};

/** An object without a prototype. The keys of the payload are taken literally. */
export const nullObjectTag: Tag<object> = {
  name: "null-object",
  encode: (object, parts) => encodeEntries(object, parts),
  decode(payload, parts) {
    const object: object = Object.create(null);
    return decodeEntries(payload, object, parts);
  },
};

function encodeEntries(object: object, parts: EncodeParts): JsonObject {
  // fromEntries defines its properties, so that a key `__proto__` stays a property.
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, parts.part(value, key)]));
}

function decodeEntries(payload: Json | undefined, target: object, parts: DecodeParts): object {
  if (!isJsonObject(payload)) return parts.refuse("is malformed: the payload is an object");
  for (const [key, node] of Object.entries(payload)) {
    const value = parts.part(node, key);
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return target;
}

function listOf(payload: Json | undefined, parts: DecodeParts): readonly Json[] {
  return isJsonArray(payload) ? payload : parts.refuse("is malformed: the payload is a list");
}

function mapKey(index: number): PathKey {
  return () => `.keys()[${index}]`;
}

function mapValue(key: unknown, index: number): PathKey {
  return () =>
    typeof key === "string" || typeof key === "number" ? `.get(${JSON.stringify(key)})` : `.values()[${index}]`;
}

function setMember(index: number): PathKey {
  return () => `.values()[${index}]`;
}
