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
        const [path] = operation;
        if (path.length > 0) {
          if (!changeMember(value, operation)) return false;
        } else if (operation.length === 3) {
          if (!insert(value, operation[1], operation[2])) return false;
        } else {
          value = operation[1];
        }
      }
      return true;
    },
  };
}

function changeMember(root: unknown, operation: PatchOperation): boolean {
  const [path] = operation;
  const key = path.at(-1);
  let holder = root;
  for (const step of path.slice(0, -1)) holder = memberOf(holder, step);
  if (operation.length === 3) return insert(memberOf(holder, key), operation[1], operation[2]);
  if (Array.isArray(holder)) return changeElement(holder, key, operation);
  if (!isObject(holder) || typeof key !== "string") return false;
  if (operation.length === 1) return Reflect.deleteProperty(holder, key);
  // Not an assignment: a member may be called `__proto__`.
  return Reflect.defineProperty(holder, key, {
    value: operation[1],
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function changeElement(list: unknown[], index: string | number | undefined, operation: PatchOperation): boolean {
  if (typeof index !== "number" || index > list.length) return false;
  if (operation.length === 1) list.length = index;
  else list[index] = operation[1];
  return true;
}

function insert(list: unknown, values: readonly unknown[], index: number): boolean {
  if (!Array.isArray(list) || index > list.length) return false;
  const tail = list.splice(index); // Empty when values are appended, which is the rule.
  for (const value of values) list.push(value);
  for (const value of tail) list.push(value);
  return true;
}

function memberOf(holder: unknown, key: string | number | undefined): unknown {
  if (Array.isArray(holder)) return typeof key === "number" ? holder[key] : undefined;
  return isObject(holder) && typeof key === "string" && Object.hasOwn(holder, key) ? holder[key] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
