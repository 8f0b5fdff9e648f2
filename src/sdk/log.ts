import { errorStack } from "../base/error-text.ts";
import { LOG_TEXT_LIMIT } from "../protocol/limits.ts";
import { encodeValue } from "../protocol/value-format/encode.ts";
import { currentRuntime } from "./context.ts";
import type { LogLevel } from "./runtime.ts";
import { handleStateOf } from "./transfer.ts";

/** What the `{name}` slots of a template stand for. Values of any kind; what cannot be encoded is shown as text. */
export type LogValues = Readonly<Record<string, unknown>>;

type LogFunction = (template: string | Error, values?: LogValues) => void;

/**
 * Logs a line of the execution: `log.info("greeting {name}", { name })`, or `log.error(error)`. The values stay values, so that lines can be
 * searched by them. Never throws, whatever it is given, and never waits. Outside an execution (a target's `fn` in a unit test) the line goes
 * to the console.
 */
export const log: Readonly<Record<LogLevel, LogFunction>> = {
  debug: (template, values) => write("debug", template, values),
  info: (template, values) => write("info", template, values),
  warn: (template, values) => write("warn", template, values),
  error: (template, values) => write("error", template, values),
};

function write(level: LogLevel, template: unknown, values: unknown): void {
  const line = readLine(template, values);
  const runtime = currentRuntime();
  if (runtime !== undefined) return runtime.log(level, line.template, line.values);
  console[level](fill(line.template, line.values ?? {}));
}

interface Line {
  readonly template: string;
  readonly values: LogValues | undefined;
}

/** Callers without types log what they have at hand, and a line of log is no reason to fail. */
function readLine(template: unknown, values: unknown): Line {
  try {
    const named = values instanceof Error ? { error: errorStack(values) } : copyOf(values);
    if (template instanceof Error) return { template: "{error}", values: { ...named, error: errorStack(template) } };
    return { template: typeof template === "string" ? template : asText(template), values: named };
  } catch {
    return { template: typeof template === "string" ? template : "(a line that cannot be read)", values: undefined };
  }
}

/** What has names; read once, because a getter or a proxy may throw. */
function copyOf(values: unknown): LogValues | undefined {
  if (values === undefined || values === null) return undefined;
  return typeof values === "object" ? { ...values } : { value: values };
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
    return `(${typeof value} that cannot be shown)`; // It holds a cycle, or throws when it is looked at.
  }
}
