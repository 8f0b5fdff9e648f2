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

/** The tagged form of docs/value-format.md, as people write such values; undefined for what is no such form, or of another kind. */
function summarizeTagged(value: object): string | undefined {
  if (!("$" in value)) return undefined;
  const payload = "v" in value ? value.v : undefined;
  switch (value.$) {
    case "undefined":
      return "undefined";
    case "number":
    case "url":
      return String(payload);
    case "date":
      return typeof payload === "string" ? payload : "Invalid Date";
    case "bigint":
      return `${String(payload)}n`;
    case "map":
      return Array.isArray(payload) ? `Map(${payload.length})${summarize(payload)}` : undefined;
    case "set":
      return Array.isArray(payload) ? `Set(${payload.length})${summarize(payload)}` : undefined;
    case "ref":
      return `<${member(payload, "id")}>`;
    case "blob":
      return `<${formatBytes(Number(member(payload, "size")))}>`;
    case "omitted":
      return `<${member(payload, "characters")} characters>`;
    default:
      return undefined;
  }
}

function member(payload: unknown, name: string): string {
  return typeof payload === "object" && payload !== null ? String(new Map(Object.entries(payload)).get(name)) : "";
}
