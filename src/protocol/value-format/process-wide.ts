/**
 * State of which a process has one, however many copies of this package it loaded. The number in the key changes with the shape of the
 * state, so that copies of different versions never share what they read differently.
 */
export function processWide<T extends object>(name: string, shapeVersion: number, make: () => T): T {
  const key = Symbol.for(`coflux.${name}.${shapeVersion}`);
  const existing: T | undefined = Reflect.get(globalThis, key);
  if (existing !== undefined) return existing;
  const made = make();
  Object.defineProperty(globalThis, key, { value: made });
  return made;
}
