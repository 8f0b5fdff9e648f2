import { isObject, memberOf } from "../base/json.ts";
import { type Result, failure, ok } from "../base/result.ts";

// Differences between two JSON values, for live views. A patch is a list of operations in order:
//   [path, value]            set the member or element at `path`
//   [path]                   delete the member at `path`, or cut the list at that index
//   [path, values, index]    insert the values into the list at `path`, before that index (its length: append)
// A path is a list of member names and indices; the empty path is the whole value.

export type PatchPath = readonly (string | number)[];
export type PatchOperation =
  | readonly [PatchPath]
  | readonly [PatchPath, unknown]
  | readonly [PatchPath, readonly unknown[], number];
export type Patch = readonly PatchOperation[];

/** The operations that turn `before` into `after`. Both are JSON values; neither is changed. */
export function diff(before: unknown, after: unknown): Patch {
  const comparison = new Comparison();
  comparison.compare(before, after);
  return comparison.operations;
}

/** The value that results; shares what did not change with `value`, which stays as it was. Throws when the patch does not fit it. */
export function applyPatch(value: unknown, patch: Patch): unknown {
  let result = value;
  for (const operation of patch) {
    const [path] = operation;
    const applied = applyInPlace(copyAlong(result, operation.length === 3 ? path : path.slice(0, -1)), [operation]);
    if (!applied.ok) throw new Error(`the patch does not fit at ${JSON.stringify(path)}`);
    result = applied.value;
  }
  return result;
}

/**
 * Like `applyPatch`, but `value` itself is changed: a list of 100,000 steps is not copied for every step that is added. Fails with the path that
 * does not fit; the value is then of no more use.
 */
export function applyInPlace(value: unknown, patch: Patch): Result<unknown, PatchPath> {
  let root = value;
  for (const operation of patch) {
    const [path] = operation;
    if (path.length === 0 && operation.length === 2) root = operation[1];
    else if (!change(root, operation)) return failure(path);
  }
  return ok(root);
}

/** One walk through both values. Its path is grown and shrunk on the way, and copied only for an operation. */
class Comparison {
  readonly operations: PatchOperation[] = [];
  readonly #path: (string | number)[] = [];

  compare(before: unknown, after: unknown): void {
    if (before === after) return;
    if (Array.isArray(before) && Array.isArray(after)) return this.#lists(before, after);
    if (isObject(before) && isObject(after)) return this.#objects(before, after);
    this.operations.push([[...this.#path], after]);
  }

  #lists(before: readonly unknown[], after: readonly unknown[]): void {
    const inserted = countBefore(before[0], after);
    if (inserted > 0) this.operations.push([[...this.#path], after.slice(0, inserted), 0]);
    const rest = after.length - inserted;
    const shared = Math.min(before.length, rest);
    for (let index = 0; index < shared; index++) {
      this.#member(inserted + index, before[index], after[inserted + index]);
    }
    if (before.length > rest) this.operations.push([[...this.#path, after.length]]);
    if (rest > before.length) {
      this.operations.push([[...this.#path], after.slice(inserted + shared), inserted + shared]);
    }
  }

  #objects(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): void {
    for (const name of Object.keys(before)) {
      if (!Object.hasOwn(after, name)) this.operations.push([[...this.#path, name]]);
    }
    for (const name of Object.keys(after)) {
      if (Object.hasOwn(before, name)) this.#member(name, before[name], after[name]);
      else this.operations.push([[...this.#path, name], after[name]]);
    }
  }

  #member(key: string | number, before: unknown, after: unknown): void {
    if (before === after) return;
    this.#path.push(key);
    this.compare(before, after);
    this.#path.pop();
  }
}

/** How many entries stand before the one that used to be first, known by its `id`: lists with the newest first grow at their head. */
function countBefore(first: unknown, after: readonly unknown[]): number {
  const id = idOf(first);
  if (id === undefined) return 0;
  return Math.max(
    0,
    after.findIndex((entry) => idOf(entry) === id),
  );
}

function idOf(entry: unknown): string | undefined {
  return isObject(entry) && typeof entry["id"] === "string" ? entry["id"] : undefined;
}

/** The value with copies of what lies on the path, to be changed; the rest is shared. */
function copyAlong(value: unknown, [key, ...rest]: PatchPath): unknown {
  const copy: unknown = Array.isArray(value) ? [...value] : isObject(value) ? { ...value } : value;
  const member = key === undefined ? undefined : memberAt(copy, key);
  if (key !== undefined && member !== undefined) set(copy, key, copyAlong(member, rest));
  return copy;
}

/** False when the operation does not fit. */
function change(root: unknown, operation: PatchOperation): boolean {
  const [path] = operation;
  if (operation.length === 3) return insert(path.reduce(memberAt, root), operation[1], operation[2]);
  const key = path.at(-1);
  if (key === undefined) return false;
  const holder = path.slice(0, -1).reduce(memberAt, root);
  return operation.length === 1 ? remove(holder, key) : set(holder, key, operation[1]);
}

/** Takes the end off and puts it back: a call with all values as its arguments would be too much for the stack. */
function insert(list: unknown, values: readonly unknown[], index: number): boolean {
  if (!Array.isArray(list) || index > list.length) return false;
  const end = list.splice(index);
  for (const value of values) list.push(value);
  for (const value of end) list.push(value);
  return true;
}

function remove(holder: unknown, key: string | number): boolean {
  if (!Array.isArray(holder)) return isObject(holder) && typeof key === "string" && Reflect.deleteProperty(holder, key);
  if (!isElement(holder, key)) return false;
  holder.length = key;
  return true;
}

/** Own members only, `__proto__` included: an assignment would not do. */
function set(holder: unknown, key: string | number, value: unknown): boolean {
  if (!Array.isArray(holder)) {
    const member = { value, enumerable: true, configurable: true, writable: true };
    return isObject(holder) && typeof key === "string" && Reflect.defineProperty(holder, key, member);
  }
  if (!isElement(holder, key)) return false;
  holder[key] = value;
  return true;
}

function memberAt(holder: unknown, key: string | number): unknown {
  if (Array.isArray(holder)) return isElement(holder, key) ? holder[key] : undefined;
  return typeof key === "string" ? memberOf(holder, key) : undefined;
}

function isElement(list: readonly unknown[], key: string | number): key is number {
  return typeof key === "number" && key in list;
}
