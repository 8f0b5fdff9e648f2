import { CODEC_NAME_LIMIT } from "./limits.ts";
import { processWide } from "./process-wide.ts";

/**
 * How instances of one class become plain data and back. `name` is stored with every value: give it a number (`Money/1`) and a new name when
 * the payload changes its form. The payload may be anything that can be encoded, instances of other classes with a codec included.
 */
export interface Codec<T, P = unknown> {
  readonly name: string;
  // Methods, not function properties: a codec of one class must fit where codecs of any class are kept.
  encode(value: T): P;
  decode(payload: P): T;
}

/** The static property by which a class declares its codec. */
export const codecSymbol: unique symbol = Symbol.for("coflux.codec");

/** Any class, also one with a private constructor. */
export interface Class<T extends object = object> {
  readonly prototype: T;
  readonly name: string;
}

interface Registered {
  readonly codec: Codec<object>;
  readonly className: string;
}

const registry = processWide("codecs", 1, () => ({
  byPrototype: new WeakMap<object, Codec<object>>(),
  byName: new Map<string, Registered>(),
}));

/**
 * Makes the codec of a class known to this process: the given one, for a class that one does not own, or else the one that the class declares.
 * Only a process that knows the codec gives instances back; elsewhere the value is an OpaqueValue. Throws a TypeError for a codec that is
 * not complete or has the name of another class's.
 */
export function registerCodec<T extends object, P>(target: Class<T>, codec?: Codec<T, P>): void {
  const declared: unknown = codec ?? declaredCodec(target);
  if (!isCodec(declared)) {
    throw new TypeError(
      `the codec of class ${target.name} needs a name of at most ${CODEC_NAME_LIMIT} characters, encode and decode`,
    );
  }
  const holder = registry.byName.get(declared.name);
  // A class of the same name is the same class, loaded anew.
  if (holder !== undefined && holder.className !== target.name) {
    throw new TypeError(
      `the codec name "${declared.name}" of class ${target.name} is taken by class ${holder.className}: choose another`,
    );
  }
  registry.byPrototype.set(target.prototype, declared);
  registry.byName.set(declared.name, { codec: declared, className: target.name });
}

/** The codec for direct instances of a class, by its prototype. A subclass needs its own, or it would come back as its base class. */
export function codecOf(prototype: object): Codec<object> | undefined {
  const known = registry.byPrototype.get(prototype);
  if (known !== undefined) return known;
  const target = classOf(prototype);
  if (target === undefined || declaredCodec(target) === undefined) return undefined;
  registerCodec(target);
  return registry.byPrototype.get(prototype);
}

export function codecNamed(name: string): Codec<object> | undefined {
  return registry.byName.get(name)?.codec;
}

/** Whether an exported thing is a class that declares a codec. */
export function declaresCodec(candidate: unknown): candidate is Class {
  return typeof candidate === "function" && declaredCodec(candidate) !== undefined;
}

/** The class that a prototype belongs to. */
export function classOf(prototype: object): Class | undefined {
  const candidate: unknown = Object.hasOwn(prototype, "constructor") ? prototype.constructor : undefined;
  return typeof candidate === "function" ? candidate : undefined;
}

function declaredCodec(target: object): unknown {
  return Object.hasOwn(target, codecSymbol) ? Reflect.get(target, codecSymbol) : undefined;
}

function isCodec(candidate: unknown): candidate is Codec<object> {
  if (typeof candidate !== "object" || candidate === null) return false;
  const { name, encode, decode } = candidate as Partial<Codec<object>>; // Every member is checked below.
  const isNamed = typeof name === "string" && name.length > 0 && name.length <= CODEC_NAME_LIMIT;
  return isNamed && typeof encode === "function" && typeof decode === "function";
}
