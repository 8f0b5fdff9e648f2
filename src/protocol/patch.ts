import { isObject } from "../base/json.ts";

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
  const operations: PatchOperation[] = [];
  compare(before, after, [], operations);
  return operations;
}

/** The value that results; shares what did not change with `value`, which stays as it was. Throws when the patch does not fit it. */
export function applyPatch(value: unknown, patch: Patch): unknown {
  let result = value;
  for (const operation of patch) result = applyAt(result, 0, operation);
  return result;
}

/** `path` is the one array of the whole comparison: it is grown and shrunk on the way and copied only for an operation. */
function compare(before: unknown, after: unknown, path: (string | number)[], operations: PatchOperation[]): void {
  if (before === after) return;
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(before, after, path, operations);
  if (isObject(before) && isObject(after)) return compareObjects(before, after, path, operations);
  operations.push([[...path], after]);
}

function compareLists(
  before: readonly unknown[],
  after: readonly unknown[],
  path: (string | number)[],
  operations: PatchOperation[],
): void {
  const inserted = countBefore(before[0], after);
  if (inserted > 0) operations.push([[...path], after.slice(0, inserted), 0]);
  const rest = after.length - inserted;
  const shared = Math.min(before.length, rest);
  for (let index = 0; index < shared; index++) {
    compareMember(before[index], after[inserted + index], inserted + index, path, operations);
  }
  if (before.length > rest) operations.push([[...path, after.length]]);
  if (rest > before.length) operations.push([[...path], after.slice(inserted + shared), inserted + shared]);
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

function compareObjects(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  path: (string | number)[],
  operations: PatchOperation[],
): void {
  for (const name of Object.keys(before)) {
    if (!Object.hasOwn(after, name)) operations.push([[...path, name]]);
  }
  for (const name of Object.keys(after)) {
    if (Object.hasOwn(before, name)) compareMember(before[name], after[name], name, path, operations);
    else operations.push([[...path, name], after[name]]);
  }
}

function compareMember(
  before: unknown,
  after: unknown,
  key: string | number,
  path: (string | number)[],
  operations: PatchOperation[],
): void {
  if (before === after) return;
  path.push(key);
  compare(before, after, path, operations);
  path.pop();
}

/** Applies an operation to `value`, which stands at the first `depth` keys of its path. */
function applyAt(value: unknown, depth: number, operation: PatchOperation): unknown {
  const [path] = operation;
  const key = path[depth];
  if (key === undefined) return applyHere(value, operation);
  const isDeletion = operation.length === 1 && depth === path.length - 1;
  if (Array.isArray(value) && typeof key === "number") {
    if (!(key in value)) throw new Error(`the patch names element ${key} of a list of ${value.length}`);
    return isDeletion ? value.slice(0, key) : withElement(value, key, applyAt(value[key], depth + 1, operation));
  }
  if (!isObject(value) || typeof key !== "string") throw new Error(`the patch does not fit at ${JSON.stringify(path)}`);
  const member = Object.hasOwn(value, key) ? value[key] : undefined;
  return isDeletion ? withoutMember(value, key) : withMember(value, key, applyAt(member, depth + 1, operation));
}

function applyHere(value: unknown, operation: PatchOperation): unknown {
  if (operation.length !== 3) return operation[1];
  const [, values, index] = operation;
  if (!Array.isArray(value) || index > value.length) throw new Error("the patch inserts where there is no list");
  return [...value.slice(0, index), ...values, ...value.slice(index)];
}

function withElement(list: readonly unknown[], index: number, element: unknown): unknown[] {
  const copy = [...list];
  copy[index] = element;
  return copy;
}

function withoutMember(value: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([other]) => other !== name));
}

/** Own members only, `__proto__` included, in the order they had. */
function withMember(value: Readonly<Record<string, unknown>>, name: string, member: unknown): Record<string, unknown> {
  const copy = { ...value };
  Object.defineProperty(copy, name, { value: member, enumerable: true, configurable: true, writable: true });
  return copy;
}
