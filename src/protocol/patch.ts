// Differences between two JSON values, for live views. A patch is a list of operations in order:
//   [path, value]          set the member or element at `path`
//   [path]                 delete the member at `path`, or cut the list at that index
//   [path, values, "+"]    append to the list at `path`
// A path is a list of member names and indices; the empty path is the whole value.

export type PatchPath = readonly (string | number)[];
export type PatchOperation =
  | readonly [PatchPath]
  | readonly [PatchPath, unknown]
  | readonly [PatchPath, readonly unknown[], "+"];
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
  for (const operation of patch) result = applyAt(result, operation[0], operation);
  return result;
}

function compare(before: unknown, after: unknown, path: PatchPath, operations: PatchOperation[]): void {
  if (before === after) return;
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(before, after, path, operations);
  if (isObject(before) && isObject(after)) return compareObjects(before, after, path, operations);
  operations.push([path, after]);
}

function compareLists(
  before: readonly unknown[],
  after: readonly unknown[],
  path: PatchPath,
  operations: PatchOperation[],
): void {
  const shared = Math.min(before.length, after.length);
  for (let index = 0; index < shared; index++) compare(before[index], after[index], [...path, index], operations);
  if (before.length > after.length) operations.push([[...path, after.length]]);
  if (after.length > before.length) operations.push([path, after.slice(before.length), "+"]);
}

function compareObjects(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  path: PatchPath,
  operations: PatchOperation[],
): void {
  for (const name of Object.keys(before)) {
    if (!Object.hasOwn(after, name)) operations.push([[...path, name]]);
  }
  for (const [name, member] of Object.entries(after)) {
    if (Object.hasOwn(before, name)) compare(before[name], member, [...path, name], operations);
    else operations.push([[...path, name], member]);
  }
}

function applyAt(value: unknown, path: PatchPath, operation: PatchOperation): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return applyHere(value, operation);
  const isDeletion = rest.length === 0 && operation.length === 1;
  if (Array.isArray(value) && typeof key === "number") {
    if (key > value.length || (key === value.length && rest.length > 0))
      throw new Error(`patch beyond the end of a list: ${key}`);
    return isDeletion ? value.slice(0, key) : withElement(value, key, applyAt(value[key], rest, operation));
  }
  if (!isObject(value) || typeof key !== "string") throw new Error(`patch does not fit at ${String(key)}`);
  const { [key]: member, ...others } = value;
  return isDeletion ? others : withMember(value, key, applyAt(member, rest, operation));
}

function applyHere(value: unknown, operation: PatchOperation): unknown {
  if (operation.length !== 3) return operation[1];
  if (!Array.isArray(value)) throw new Error("patch appends to what is no list");
  return [...value, ...operation[1]];
}

function withElement(list: readonly unknown[], index: number, element: unknown): unknown[] {
  const copy = [...list];
  copy[index] = element;
  return copy;
}

/** Own members only, `__proto__` included, in the order they had. */
function withMember(value: Readonly<Record<string, unknown>>, key: string, member: unknown): Record<string, unknown> {
  const copy = Object.fromEntries(Object.entries(value));
  Object.defineProperty(copy, key, { value: member, enumerable: true, configurable: true, writable: true });
  return copy;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
