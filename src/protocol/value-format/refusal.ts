import { classOf, codecSymbol } from "./codecs.ts";

const targetSymbol = Symbol.for("coflux.target");

/** Why something is no value, and what to do instead: the end of a sentence that begins with its path. */
export function whyNoValue(candidate: unknown): string {
  if (typeof candidate === "symbol") return "is a symbol, which means nothing elsewhere: pass text";
  if (typeof candidate === "function") {
    return Object.hasOwn(candidate, targetSymbol)
      ? "is a target, not a value: call it and pass the result, or pass the handle that its submit() returns"
      : "is a function: pass the data that it needs and keep the function in the code of the receiver";
  }
  if (candidate instanceof Promise) return "is a promise: await it first";
  if (candidate instanceof WeakMap || candidate instanceof WeakSet || candidate instanceof WeakRef) {
    return "is a weak collection, whose contents cannot be listed: pass a Map, a Set or the object itself";
  }
  if (candidate instanceof Number || candidate instanceof String || candidate instanceof Boolean) {
    return `is a ${candidate.constructor.name} object: pass the plain ${typeof candidate.valueOf()}`;
  }
  return whyNoInstance(candidate);
}

function whyNoInstance(candidate: unknown): string {
  const prototype: unknown = Object.getPrototypeOf(candidate);
  const name = typeof prototype === "object" && prototype !== null ? classOf(prototype)?.name : undefined;
  const what =
    name === undefined || name === "" ? "is an object with a prototype of its own" : `is an instance of class ${name}`;
  return `${what}, which has no codec: pass a plain object, or give the class one (static [${codecSymbol.description}] or registerCodec)`;
}
