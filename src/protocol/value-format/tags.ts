import { binaryPrototypes, binaryTag } from "./binary-tags.ts";
import { mapTag, nullObjectTag, objectTag, setTag } from "./collection-tags.ts";
import { errorTag } from "./error-tag.ts";
import { bigintTag, dateTag, numberTag, regexpTag, undefinedTag, urlTag } from "./scalar-tags.ts";
import type { Tag } from "./tag.ts";

// Version 1 of the value format. A tag never changes its meaning and is never used again for another; later versions may add tags, which
// earlier readers refuse by name. `ref` and `codec` stand in the encoder and the decoder: they need more than their payload.

const tags: readonly Tag<unknown>[] = [
  undefinedTag,
  numberTag,
  bigintTag,
  dateTag,
  regexpTag,
  urlTag,
  mapTag,
  setTag,
  objectTag,
  nullObjectTag,
  binaryTag,
  errorTag,
];

const byName: ReadonlyMap<string, Tag<unknown>> = new Map(tags.map((tag) => [tag.name, tag]));

/** By prototype, so that an instance of a subclass is never taken for one of its base. */
const byPrototype: ReadonlyMap<object, Tag<object>> = new Map<object, Tag<object>>([
  [Date.prototype, dateTag],
  [RegExp.prototype, regexpTag],
  [URL.prototype, urlTag],
  [Map.prototype, mapTag],
  [Set.prototype, setTag],
  ...binaryPrototypes.map((prototype): [object, Tag<object>] => [prototype, binaryTag]),
]);

export function tagNamed(name: string): Tag<unknown> | undefined {
  return byName.get(name);
}

/** The tag for direct instances of a built-in class. */
export function tagOf(prototype: object): Tag<object> | undefined {
  return byPrototype.get(prototype);
}
