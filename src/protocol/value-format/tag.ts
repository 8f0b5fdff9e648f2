import type { Json } from "./json.ts";
import type { PathKey } from "./path.ts";

/** What a tag needs to encode the parts of its value. */
export interface EncodeParts {
  /** Encodes one part; the key says how the part is reached. */
  part(value: unknown, key: PathKey): Json;
  /** Says why the value itself cannot be encoded. */
  refuse(reason: string, options?: ErrorOptions): never;
}

/** What a tag needs to decode the parts of its payload. */
export interface DecodeParts {
  part(node: Json | undefined, key: PathKey): unknown;
  refuse(reason: string, options?: ErrorOptions): never;
}

/** One kind of value beyond JSON: `{"$": <name>, "v": <payload>}`, both directions side by side. */
export interface Tag<T> {
  readonly name: string;
  encode(value: T, parts: EncodeParts): Json;
  /** Takes any payload: what is not of the documented form is refused. */
  decode(payload: Json | undefined, parts: DecodeParts): T;
}
