import { formatBytes } from "./bytes.ts";
import { plainLine } from "./text-width.ts";

/** A value in API form on one line, for people: as JSON, but references as their ids and blobs as their sizes. */
export function summarizeValue(value: unknown): string {
  return plainLine(summarize(value));
}

/** The arguments of a call, as they would stand between its parentheses. */
export function summarizeArguments(values: readonly unknown[]): string {
  return values.map(summarizeValue).join(", ");
}

function summarize(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(summarize).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
  const special = summarizeTagged(value);
  if (special !== undefined) return special;
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}:${summarize(member)}`)
    .join(",")}}`;
}

/** What stands for something else: `{"$":"ref","v":{"id":…}}`, `{"$":"blob","v":{"size":…}}`, and what a large run leaves out. */
function summarizeTagged(value: object): string | undefined {
  if (!("$" in value) || !("v" in value) || typeof value.v !== "object" || value.v === null) return undefined;
  if (value.$ === "ref" && "id" in value.v) return `<${String(value.v.id)}>`;
  if (value.$ === "blob" && "size" in value.v) return `<${formatBytes(Number(value.v.size))}>`;
  if (value.$ === "omitted" && "characters" in value.v) return `<${String(value.v.characters)} characters>`;
  return undefined;
}
