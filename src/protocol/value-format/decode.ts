import { DEPTH_LIMIT } from "../limits.ts";
import type { Reference } from "../values.ts";
import { codecNamed } from "./codecs.ts";
import type { Encoded } from "./encode.ts";
import { type Json, type JsonObject, isJsonArray, isJsonObject } from "./json.ts";
import { OpaqueValue } from "./opaque-value.ts";
import type { PathKey } from "./path.ts";
import { refuse } from "./serialization-error.ts";
import type { DecodeParts } from "./tag.ts";
import { tagNamed } from "./tags.ts";

export interface DecodeHooks<R> {
  /** Makes a live handle of a reference. Without it, a value with references is refused. */
  reference?(reference: R): unknown;
  /** What messages call the value. Default: `value`. */
  readonly path?: string;
}

/**
 * Decodes what encodeValue made. Text that is not of the format throws a SerializationError with the path of the offending part; a tag that
 * this version does not know is named. Instances whose codec is not known here come back as an OpaqueValue.
 */
export function decodeValue<R = Reference>({ data, references }: Encoded<R>, hooks: DecodeHooks<R> = {}): unknown {
  return new Decoding(references, hooks).node(parse(data, hooks.path));
}

/** Checks that text is of the format, without making instances or handles of anything. Throws a SerializationError. */
export function checkData(data: string, referenceCount: number, path?: string): void {
  const references = Array.from({ length: referenceCount }, () => true);
  const hooks = { reference: () => new OpaqueValue("ref", null), ...(path === undefined ? {} : { path }) };
  new Decoding(references, hooks, false).node(parse(data, path));
}

function parse(data: string, path = "value"): Json {
  try {
    return JSON.parse(data);
  } catch (cause) {
    return refuse(path, [], "is not JSON text", { cause });
  }
}

/** One walk through freshly parsed JSON, which it owns and changes in place: plain parts stay the objects that the parser made. */
class Decoding<R> implements DecodeParts {
  readonly #references: readonly R[];
  readonly #hooks: DecodeHooks<R>;
  readonly #runsCodecs: boolean;
  readonly #keys: PathKey[] = [];
  #depth = 0;

  constructor(references: readonly R[], hooks: DecodeHooks<R>, runsCodecs = true) {
    this.#references = references;
    this.#hooks = hooks;
    this.#runsCodecs = runsCodecs;
  }

  node(node: Json): unknown {
    if (typeof node === "number" && !Number.isFinite(node)) {
      return refuse(this.#root(), this.#keys.slice(0, this.#depth), "is a number beyond the range of a double");
    }
    if (typeof node !== "object" || node === null) return node;
    if (this.#depth === DEPTH_LIMIT) {
      return refuse(this.#root(), this.#keys.slice(0, this.#depth), `lies deeper than ${DEPTH_LIMIT} levels`);
    }
    this.#depth++;
    const value = isJsonArray(node) ? this.#array(node) : isJsonObject(node) ? this.#object(node) : node;
    this.#depth--; // Not reached after a refusal, which ends the whole walk.
    return value;
  }

  part(node: Json | undefined, key: PathKey): unknown {
    this.#keys[this.#depth - 1] = key;
    return node === undefined ? this.refuse("is malformed: a part is missing") : this.node(node);
  }

  /** Speaks of the innermost object that was entered. */
  refuse(reason: string, options?: ErrorOptions): never {
    return refuse(this.#root(), this.#keys.slice(0, this.#depth - 1), reason, options);
  }

  #array(nodes: readonly Json[]): unknown {
    const values = nodes as unknown[]; // Decoded in place.
    for (let index = 0; index < values.length; index++) {
      const node = nodes[index];
      const value = this.part(node, index);
      if (value !== node) values[index] = value;
    }
    return values;
  }

  #object(node: JsonObject): unknown {
    if (Object.hasOwn(node, "$")) return this.#tagged(node);
    const members = node as Record<string, unknown>; // Decoded in place.
    for (const key of Object.keys(node)) {
      const child = node[key];
      const value = this.part(child, key);
      if (value !== child) members[key] = value; // An own `__proto__` of parsed JSON is set as the property it is.
    }
    return members;
  }

  #tagged(node: JsonObject): unknown {
    const { $: name, v: payload, ...others } = node;
    if (typeof name !== "string" || Object.keys(others).length > 0) {
      return this.refuse(
        'has a key "$" but is no tag {"$": name, "v": payload}; an object with such a key is written {"$": "object", "v": {…}}',
      );
    }
    if (name === "ref") return this.#reference(payload);
    if (name === "codec") return this.#codec(payload);
    const tag = tagNamed(name);
    if (tag !== undefined) return tag.decode(payload, this);
    if (name === "blob") {
      return this.refuse("is a blob, which stands for a whole argument, never for a part: send the text that it holds");
    }
    return this.refuse(
      `has the unknown tag ${JSON.stringify(name)}: it was written by a later version of Coflux, so upgrade what reads it`,
    );
  }

  #reference(payload: Json | undefined): unknown {
    const reference = typeof payload === "number" ? this.#references[payload] : undefined;
    if (reference === undefined)
      return this.refuse("is malformed: it refers to a reference that the value does not have");
    return this.#hooks.reference?.(reference) ?? this.refuse("is a reference, which has no meaning here");
  }

  #codec(payload: Json | undefined): unknown {
    const [name, inner] = isJsonArray(payload) && payload.length === 2 ? payload : [];
    if (typeof name !== "string")
      return this.refuse("is malformed: an instance of a class is [name of its codec, payload]");
    const value = this.part(inner, () => `.decode("${name}")`);
    const codec = this.#runsCodecs ? codecNamed(name) : undefined;
    if (codec === undefined) return new OpaqueValue(name, value);
    try {
      return codec.decode(value);
    } catch (cause) {
      return this.refuse(`could not be decoded by the codec "${name}": ${String(cause)}`, { cause });
    }
  }

  #root(): string {
    return this.#hooks.path ?? "value";
  }
}
