import { LOG_TEXT_LIMIT } from "../protocol/limits.ts";
import { encodeValue } from "../protocol/value-format/encode.ts";
import { currentRuntime } from "./context.ts";
import type { LogLevel } from "./runtime.ts";
import { handleStateOf } from "./transfer.ts";

/** What the `{name}` slots of a template stand for. Values of any kind; what cannot be encoded is shown as text. */
export type LogValues = Readonly<Record<string, unknown>>;

type LogFunction = (template: string, values?: LogValues) => void;

/**
 * Logs a line of the execution: `log.info("greeting {name}", { name })`. The values stay values, so that lines can be searched by them. Never
 * throws and never waits. Outside an execution (a target's `fn` in a unit test) the line goes to the console.
 */
export const log: Readonly<Record<LogLevel, LogFunction>> = {
  debug: (template, values) => write("debug", template, values),
  info: (template, values) => write("info", template, values),
  warn: (template, values) => write("warn", template, values),
  error: (template, values) => write("error", template, values),
};

function write(level: LogLevel, template: string, values: LogValues | undefined): void {
  const runtime = currentRuntime();
  if (runtime !== undefined) return runtime.log(level, template, values);
  console[level](fill(template, values ?? {}));
}

/** A template with its slots filled, for people. */
function fill(template: string, values: LogValues): string {
  return template.replaceAll(/\{(\w+)\}/g, (slot, name: string) =>
    Object.hasOwn(values, name) ? asText(values[name]) : slot,
  );
}

/**
 * The values of a line as the JSON object that travels with it: `{"name":"Ada"}`, each in the value format, at most LOG_TEXT_LIMIT characters
 * in all. Never throws: a value that cannot be encoded or is too long is replaced by a text that says so. For the executor.
 */
export function encodeLogValues(values: LogValues): string {
  let room = LOG_TEXT_LIMIT - 2;
  const members: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    const key = JSON.stringify(name);
    const encoded = encodeLogValue(value);
    const member = `${key}:${key.length + encoded.length + 2 <= room ? encoded : JSON.stringify(`… (${encoded.length} characters)`)}`;
    if (member.length + 1 > room) break; // The names alone are too many.
    room -= member.length + 1;
    members.push(member);
  }
  return `{${members.join(",")}}`;
}

function encodeLogValue(value: unknown): string {
  try {
    const { data, references } = encodeValue(value, { reference: handleStateOf });
    return references.length === 0 ? data : JSON.stringify(asText(value)); // Nothing is behind the references of a log line.
  } catch {
    return JSON.stringify(asText(value));
  }
}

function asText(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return value instanceof Error ? `${value.name}: ${value.message}` : (JSON.stringify(value) ?? String(value));
  } catch {
    return Object.prototype.toString.call(value);
  }
}
