import { brandClass } from "./brand.ts";

/** An instance of a class whose codec this process does not know. It can be passed on and is encoded again as it came. */
export class OpaqueValue {
  /** The name of the codec that wrote it: `Money/1`. */
  readonly codec: string;
  /** What that codec made of the instance. */
  readonly payload: unknown;

  constructor(codec: string, payload: unknown) {
    this.codec = codec;
    this.payload = payload;
  }
}
brandClass(OpaqueValue, "OpaqueValue");
