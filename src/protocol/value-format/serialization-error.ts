import { type PathKey, formatPath } from "./path.ts";
import { brandClass } from "./brand.ts";

/** A value cannot be encoded, or encoded text cannot be decoded. `path` names the part: `args[0].user.avatar`. */
export class SerializationError extends Error {
  override readonly name: string = "SerializationError";
  readonly path: string;
  /** What is wrong with that part and what to do about it. */
  readonly reason: string;

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`${path} ${reason}`, options);
    this.path = path;
    this.reason = reason;
  }
}
brandClass(SerializationError, "SerializationError");

/** Throws a SerializationError for the part that the keys lead to. */
export function refuse(root: string, keys: readonly PathKey[], reason: string, options?: ErrorOptions): never {
  throw new SerializationError(formatPath(root, keys), reason, options);
}
