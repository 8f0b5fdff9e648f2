import { isObject } from "../base/json.ts";

// Shapes of what travels on the hot path. A message is an array, `[code, field, field, …]`: small, quick to pack, and a receiver ignores
// fields behind the ones it knows, so that a later version may add some. Each shape is stated once; its type is derived from it.

/** One field: how it is checked on arrival, and what is packed for it. */
export interface Field<T> {
  parse(input: unknown, path: string): T;
  pack(value: T): unknown;
}

/** What a shape describes. */
export type Of<F> = F extends Field<infer T> ? T : never;

/** A message or one of its fields does not have its shape. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
  constructor(path: string, expected: string) {
    super(`${path} is not ${expected}`);
  }
}

const asIs = <T>(value: T): unknown => value;

export function text(limit: number): Field<string> {
  return {
    pack: asIs,
    parse(input, path) {
      if (typeof input === "string" && input.length <= limit) return input;
      throw new ShapeError(path, `text of at most ${limit} characters`);
    },
  };
}

export function integer(least: number, most: number): Field<number> {
  return {
    pack: asIs,
    parse(input, path) {
      if (typeof input === "number" && Number.isSafeInteger(input) && input >= least && input <= most) return input;
      throw new ShapeError(path, `a whole number from ${least} to ${most}`);
    },
  };
}

export const flag: Field<boolean> = {
  pack: asIs,
  parse(input, path) {
    if (typeof input === "boolean") return input;
    throw new ShapeError(path, "true or false");
  },
};

export function oneOf<const T extends string>(...members: readonly T[]): Field<T> {
  return {
    pack: asIs,
    parse(input, path) {
      const found = members.find((member) => member === input);
      if (found !== undefined) return found;
      throw new ShapeError(path, `one of ${members.join(", ")}`);
    },
  };
}

/** A field that may be `null` (a stored nothing); a missing one reads as `null` too. */
export function nullable<T>(field: Field<T>): Field<T | null> {
  return {
    pack: (value) => (value === null ? null : field.pack(value)),
    parse: (input, path) => (input === null || input === undefined ? null : field.parse(input, path)),
  };
}

export function list<T>(field: Field<T>, limit: number): Field<readonly T[]> {
  return {
    pack: (values) => values.map((value) => field.pack(value)),
    parse(input, path) {
      const items = asArray(input, path);
      if (items.length > limit) throw new ShapeError(path, `a list of at most ${limit} entries`);
      return items.map((item, index) => field.parse(item, `${path}[${index}]`));
    },
  };
}

/** Text keys with values of one shape. */
export function dictionary<T>(field: Field<T>, limit: number): Field<Readonly<Record<string, T>>> {
  return {
    pack: (value) => mapValues(value, (member) => field.pack(member)),
    parse(input, path) {
      const entries = Object.entries(asObject(input, path));
      if (entries.length > limit) throw new ShapeError(path, `an object of at most ${limit} members`);
      return Object.fromEntries(entries.map(([key, member]) => [key, field.parse(member, `${path}.${key}`)]));
    },
  };
}

type Members<F> = { readonly [K in keyof F]: Of<F[K]> };

/** An object with named members: for what is sent rarely and grows over time. Unknown members are ignored. */
export function object<F extends Readonly<Record<string, Field<unknown>>>>(fields: F): Field<Members<F>> {
  const names = Object.keys(fields);
  return {
    pack: (value) => Object.fromEntries(names.map((name) => [name, fields[name]?.pack(value[name])])),
    parse(input, path) {
      const members = asObject(input, path);
      const parsed = names.map((name) => [name, fields[name]?.parse(members[name], `${path}.${name}`)]);
      return Object.fromEntries(parsed) as Members<F>; // Built from the same table as the type.
    },
  };
}

/** A shape that contains itself. */
export function recursive<T>(make: () => Field<T>): Field<T> {
  let made: Field<T> | undefined;
  const field = (): Field<T> => (made ??= make());
  return { pack: (value) => field().pack(value), parse: (input, path) => field().parse(input, path) };
}

export function asArray(input: unknown, path: string): readonly unknown[] {
  if (Array.isArray(input)) return input;
  throw new ShapeError(path, "a list");
}

function asObject(input: unknown, path: string): Readonly<Record<string, unknown>> {
  if (isObject(input)) return input;
  throw new ShapeError(path, "an object");
}

function mapValues<T>(value: Readonly<Record<string, T>>, change: (member: T) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, change(member)]));
}
