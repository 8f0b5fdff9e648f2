// `instanceof` across copies. A program may load this package twice (its own copy beside the executor's), and then two classes have one
// name. Classes that users test for carry a brand, a property keyed by a global symbol, and answer `instanceof` by it.

type Branded = abstract new (...parameters: never[]) => object;

/** Marks all instances of a class and makes `instanceof` go by the mark. Subclasses stay ordinary: they are told apart by their own prototype. */
export function brandClass(target: Branded, name: string): void {
  const brand = Symbol.for(`coflux.${name}`);
  Object.defineProperty(target.prototype, brand, { value: true });
  Object.defineProperty(target, Symbol.hasInstance, {
    value: function (this: Branded, candidate: unknown): boolean {
      return this === target ? hasBrand(candidate, brand) : isPrototypeOf(this.prototype, candidate);
    },
  });
}

/** Makes one object an instance of a branded class without changing its prototype. */
export function addBrand(object: object, name: string): void {
  Object.defineProperty(object, Symbol.for(`coflux.${name}`), { value: true });
}

function hasBrand(candidate: unknown, brand: symbol): boolean {
  return typeof candidate === "object" && candidate !== null && brand in candidate;
}

function isPrototypeOf(prototype: object, candidate: unknown): boolean {
  return Object.prototype.isPrototypeOf.call(prototype, candidate as object); // Says false to anything but an object.
}
