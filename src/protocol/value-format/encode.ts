import { DEPTH_LIMIT, REFERENCES_LIMIT } from "../limits.ts";
import type { Reference } from "../values.ts";
import { codecOf } from "./codecs.ts";
import { errorTag } from "./error-tag.ts";
import { type Json, type Tagged, isPlainNumber } from "./json.ts";
import { NODES_LIMIT } from "./limits.ts";
import { namedKeys } from "./named-keys.ts";
import { OpaqueValue } from "./opaque-value.ts";
import { type PathKey, formatPath } from "./path.ts";
import { whyNoValue } from "./refusal.ts";
import { SerializationError, refuse } from "./serialization-error.ts";
import { bigintTag, numberTag } from "./scalar-tags.ts";
import { nullObjectTag, objectTag } from "./collection-tags.ts";
import type { EncodeParts, Tag } from "./tag.ts";
import { tagOf } from "./tags.ts";

/** A value as text, and what it refers to. */
export interface Encoded<R = Reference> {
  /** JSON; the parts that plain JSON cannot hold are tagged. */
  readonly data: string;
  /** The text names these by their position. */
  readonly references: readonly R[];
}

export interface EncodeHooks<R> {
  /** Makes a reference of a live handle, and undefined of anything else. Asked about everything but plain data. */
  reference?(candidate: object): R | undefined;
  /** What messages call the value: `args[0]`. Default: `value`. */
  readonly path?: string;
}

/**
 * Encodes a value. Nothing is lost silently: what cannot be encoded throws a SerializationError with its path. What is used in several
 * places is written, and arrives, several times; a cycle is refused. The value is not changed.
 */
export function encodeValue<R = Reference>(value: unknown, hooks: EncodeHooks<R> = {}): Encoded<R> {
  const encoding = new Encoding(hooks);
  try {
    const node = encoding.node(value);
    return { data: JSON.stringify(node), references: encoding.references };
  } catch (error) {
    if (error instanceof SerializationError) throw error;
    return encoding.refuseThrown(error);
  }
}

const whyNoMatch =
  "is the match of a regular expression, an array with properties: pass Array.from(match) or match.groups";

/** One walk through one value. Plain parts stay the objects they are; only what leads to a tagged part is copied. */
class Encoding<R> implements EncodeParts {
  readonly references: R[] = [];
  readonly #hooks: EncodeHooks<R>;
  /** The objects from the value down to the current one, and the key taken in each. */
  readonly #ancestors: object[] = [];
  readonly #keys: PathKey[] = [];
  #depth = 0;
  #nodes = 0;

  constructor(hooks: EncodeHooks<R>) {
    this.#hooks = hooks;
  }

  node(value: unknown): Json {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        return isPlainNumber(value) ? value : this.#tagged(numberTag, value);
      case "object":
        return value === null ? null : this.#object(value);
      case "undefined":
        return { $: "undefined" };
      case "bigint":
        return this.#tagged(bigintTag, value);
      case "function":
      case "symbol":
        return this.#refuse(whyNoValue(value));
    }
  }

  part(value: unknown, key: PathKey): Json {
    this.#keys[this.#depth - 1] = key;
    return this.node(value);
  }

  /** For tags, which speak of the object that they were given: the innermost one that was entered. */
  refuse(reason: string, options?: ErrorOptions): never {
    return refuse(this.#root(), this.#keys.slice(0, this.#depth - 1), reason, options);
  }

  #object(value: object): Json {
    const prototype: object | null = Object.getPrototypeOf(value);
    this.#enter(value);
    const node =
      prototype === Object.prototype
        ? this.#plainObject(value)
        : Array.isArray(value) && prototype === Array.prototype
          ? this.#array(value)
          : this.#instance(value, prototype);
    this.#depth--; // Not reached after a refusal, which ends the whole walk.
    return node;
  }

  #array(values: readonly unknown[]): Json {
    if (Object.hasOwn(values, "groups")) this.refuse(whyNoMatch);
    this.#refuseSymbolKeys(values);
    let copy: Json[] | undefined;
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (value === undefined && !(index in values)) this.#refuseHole(index);
      const node = this.part(value, index);
      if (node === value) continue;
      copy ??= (values as Json[]).slice(); // What is not JSON yet is replaced before this loop ends.
      copy[index] = node;
    }
    // There are no holes, so that every value beyond the elements is that of a named property. Far cheaper than to list the keys.
    if (Object.values(values).length !== values.length) this.#refuseNamed(Object.keys(values).slice(values.length));
    return copy ?? (values as readonly Json[]); // Every element turned out to be JSON.
  }

  #plainObject(value: object): Json {
    this.#refuseSymbolKeys(value);
    let copy: Record<string, Json> | undefined;
    for (const key of Object.keys(value)) {
      if (key === "$") return this.#payload(objectTag, value);
      this.#keys[this.#depth - 1] = key; // Reading it may run a getter that throws.
      const member: unknown = (value as Record<string, unknown>)[key];
      const node = this.part(member, key);
      if (node === member) continue;
      copy ??= { ...(value as Record<string, Json>) }; // As for arrays. A spread keeps a key `__proto__` a property.
      copy[key] = node;
    }
    return copy ?? (value as Record<string, Json>);
  }

  #instance(value: object, prototype: object | null): Json {
    const reference = this.#hooks.reference?.(value);
    if (reference !== undefined) return { $: "ref", v: this.#indexOf(reference) };
    if (prototype === null) {
      this.#refuseSymbolKeys(value);
      return this.#payload(nullObjectTag, value);
    }
    const tag = tagOf(prototype);
    if (tag !== undefined) {
      this.#refuseSymbolKeys(value);
      this.#refuseNamed(namedKeys(value));
      return this.#payload(tag, value);
    }
    if (value instanceof OpaqueValue) return this.#codecNode(value.codec, value.payload);
    const codec = codecOf(prototype);
    if (codec !== undefined)
      return this.#codecNode(
        codec.name,
        this.#runCodec(codec.name, () => codec.encode(value)),
      );
    if (value instanceof Error) return this.#payload(errorTag, value);
    return this.refuse(whyNoValue(value));
  }

  #payload<T>(tag: Tag<T>, value: T): Tagged {
    return { $: tag.name, v: tag.encode(value, this) };
  }

  /** A tag for what is no object. It is entered all the same, so that `refuse` finds its path. */
  #tagged<T>(tag: Tag<T>, value: T): Tagged {
    this.#depth++;
    const node = this.#payload(tag, value);
    this.#depth--;
    return node;
  }

  #codecNode(name: string, payload: unknown): Tagged {
    return { $: "codec", v: [name, this.part(payload, () => `.encode("${name}")`)] };
  }

  #runCodec(name: string, encode: () => unknown): unknown {
    try {
      return encode();
    } catch (cause) {
      return this.refuse(`could not be encoded by the codec "${name}": ${String(cause)}`, { cause });
    }
  }

  #indexOf(reference: R): number {
    const known = this.references.indexOf(reference);
    if (known >= 0) return known;
    if (this.references.length === REFERENCES_LIMIT)
      this.refuse(`is one reference more than the limit of ${REFERENCES_LIMIT}`);
    return this.references.push(reference) - 1;
  }

  #enter(value: object): void {
    if (this.#depth === DEPTH_LIMIT) this.#refuseDepth(value);
    if (++this.#nodes > NODES_LIMIT) {
      this.#refuse(`is one of more than ${NODES_LIMIT} objects: is the same object used in very many places?`);
    }
    this.#ancestors[this.#depth++] = value;
  }

  /** A cycle is noticed when it has used up the depth: looking for one at every step would cost every value. */
  #refuseDepth(value: object): never {
    const chain = [...this.#ancestors.slice(0, this.#depth), value];
    const end = chain.findIndex((object, index) => chain.indexOf(object) < index);
    const start = end < 0 ? -1 : chain.indexOf(chain[end] ?? value);
    if (start < 0) return this.#refuse(`lies deeper than ${DEPTH_LIMIT} levels: make the value flatter`);
    const target = formatPath(this.#root(), this.#keys.slice(0, start));
    return refuse(this.#root(), this.#keys.slice(0, end), `refers back to ${target}: a value cannot contain itself`);
  }

  #refuseHole(index: number): never {
    this.#keys[this.#depth - 1] = index;
    return this.#refuse("is a hole in a sparse array: fill it, for example with Array.from(list)");
  }

  /** What is more than its kind can say would be lost. */
  #refuseNamed([key]: readonly string[]): void {
    if (key === undefined) return;
    this.refuse(`has a property "${key}", which would be lost: pass an object that holds both`);
  }

  /** A getter, a proxy or an iterator of the user threw while its value was read. */
  refuseThrown(cause: unknown): never {
    return refuse(this.#root(), this.#keys.slice(0, this.#depth), `could not be read: ${String(cause)}`, { cause });
  }

  #refuseSymbolKeys(value: object): void {
    const symbols = Object.getOwnPropertySymbols(value);
    if (symbols.length === 0) return;
    if (Object.prototype.toString.call(value) === "[object Arguments]") {
      this.refuse("is the arguments object of a function: pass Array.from(arguments)");
    }
    const visible = symbols.find((symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol));
    if (visible !== undefined)
      this.refuse(`has a property with the key ${String(visible)}: only text keys can be encoded`);
  }

  /** Speaks of the part that the last key leads to. */
  #refuse(reason: string): never {
    return refuse(this.#root(), this.#keys.slice(0, this.#depth), reason);
  }

  #root(): string {
    return this.#hooks.path ?? "value";
  }
}
