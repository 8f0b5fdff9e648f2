import type { Patch, PatchOperation } from "../../protocol/patch.ts";

/**
 * A copy of a topic's value, kept up to date by its patches. It owns the value and changes it in place: a list of 100,000 steps is not copied
 * for every step that is added.
 */
export interface TopicMirror {
  /** The version of the newest value or patch; 0 before the first value. */
  version(): number;
  value(): unknown;
  replace(version: number, value: unknown): void;
  /** False when the patch does not follow what is here or does not fit it: the value must be asked for again. */
  apply(version: number, patch: Patch): boolean;
}

export function createTopicMirror(): TopicMirror {
  let version = 0;
  let value: unknown;

  return {
    version: () => version,
    value: () => value,
    replace(newVersion, newValue) {
      version = newVersion;
      value = newValue;
    },
    apply(newVersion, patch) {
      if (version === 0 || newVersion !== version + 1) return false;
      version = newVersion;
      for (const operation of patch) {
        if (operation[0].length === 0 && operation.length === 2) value = operation[1];
        else if (!change(value, operation)) return false;
      }
      return true;
    },
  };
}

/** False when the operation does not fit. */
function change(root: unknown, operation: PatchOperation): boolean {
  const [path] = operation;
  if (operation.length === 3) return insert(path.reduce(memberOf, root), operation[1], operation[2]);
  const key = path.at(-1);
  const holder = path.slice(0, -1).reduce(memberOf, root);
  if (Array.isArray(holder)) return changeElement(holder, key, operation);
  if (!isObject(holder) || typeof key !== "string") return false;
  if (operation.length === 1) return Reflect.deleteProperty(holder, key);
  // Not an assignment: a member may be called `__proto__`.
  const member = { value: operation[1], enumerable: true, configurable: true, writable: true };
  return Reflect.defineProperty(holder, key, member);
}

function changeElement(list: unknown[], index: string | number | undefined, operation: PatchOperation): boolean {
  if (typeof index !== "number" || index >= list.length) return false;
  if (operation.length === 1) list.length = index;
  else list[index] = operation[1];
  return true;
}

/** Takes the end off and puts it back: a call with all values as its arguments would be too much for the stack. */
function insert(list: unknown, values: readonly unknown[], index: number): boolean {
  if (!Array.isArray(list) || index > list.length) return false;
  const end = list.splice(index);
  for (const value of values) list.push(value);
  for (const value of end) list.push(value);
  return true;
}

function memberOf(holder: unknown, key: string | number): unknown {
  if (Array.isArray(holder)) return typeof key === "number" ? holder[key] : undefined;
  return isObject(holder) && typeof key === "string" && Object.hasOwn(holder, key) ? holder[key] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
