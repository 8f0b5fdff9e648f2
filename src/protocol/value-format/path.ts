/** One way down from a value to a part of it: a property, an index, or the text of an access such as `.get("a")`, made only when needed. */
export type PathKey = string | number | (() => string);

const identifier = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

/** How a programmer would write the way to a part: `args[0].user["first name"]`. */
export function formatPath(root: string, keys: readonly PathKey[]): string {
  return root + keys.map(formatKey).join("");
}

function formatKey(key: PathKey): string {
  if (typeof key === "function") return key();
  if (typeof key === "number") return `[${key}]`;
  return identifier.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
