/**
 * The keys of the enumerable properties that a built-in object has besides its contents. To list all keys of a typed array takes fifty times as
 * long as to write its bytes down; Node compares it with a bare view of the same bytes at once.
 */
export function namedKeys(value: object): readonly string[] {
  if (!ArrayBuffer.isView(value) || value instanceof DataView) return Object.keys(value);
  // oxlint-disable-next-line unbound-method -- One method serves every kind of typed array, and Buffer: it asks the array for its kind.
  const bare: unknown = Reflect.apply(Uint8Array.prototype.subarray, value, []);
  if (nodeUtil?.isDeepStrictEqual(value, bare) === true) return [];
  return Object.keys(value).filter((key) => !isIndex.test(key));
}

const isIndex = /^(?:0|[1-9]\d*)$/;

/** Not imported: the client also runs where there is no Node. */
const nodeUtil = typeof process === "undefined" ? undefined : process.getBuiltinModule?.("node:util");
