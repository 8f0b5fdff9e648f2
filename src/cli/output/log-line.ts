import type { LogView } from "../../protocol/views.ts";
import { parseExecutionId } from "../../protocol/ids.ts";
import { stripVTControlCharacters } from "node:util";
import type { Colours } from "./colour.ts";
import { summarizeValue } from "./summarize-value.ts";
import { formatClock, formatIso } from "./time.ts";

export interface LogLook {
  readonly isTty: boolean;
  readonly colours: Colours;
  /** Lines of several runs stand together: each names its own. */
  readonly namesRun?: boolean;
}

const levelColumns = 6;

/** One line of log: when, how important, which step and attempt, and the text with its values in their places. */
export function formatLogLine(log: LogView, { isTty, colours, namesRun = false }: LogLook): string {
  const at = isTty ? formatClock(log.timestamp, true) : formatIso(log.timestamp);
  const parts = parseExecutionId(log.executionId);
  const where = parts && isTty && !namesRun ? `${parts.step}:${parts.attempt}` : log.executionId;
  const level = paintLevel(log.level, colours)(log.level.padEnd(levelColumns));
  return `${colours.dim(at)} ${level} ${colours.dim(where)} ${fillTemplate(log.template, log.values)}`;
}

/** `greeting {name}` with its values; those that have no place in the text follow it. */
export function fillTemplate(template: string, values: LogView["values"]): string {
  const used = new Set<string>();
  const filled = template.replaceAll(/\{([^{}]+)\}/g, (slot, name: string) => {
    if (!Object.hasOwn(values, name)) return slot;
    used.add(name);
    return show(values[name]);
  });
  const rest = Object.entries(values).filter(([name]) => !used.has(name));
  // A program that writes colours or moves the cursor must not do so on the terminal of whoever reads its log.
  return stripVTControlCharacters([filled, ...rest.map(([name, value]) => `${name}=${show(value)}`)].join(" "));
}

function show(value: unknown): string {
  return typeof value === "string" ? value : summarizeValue(value);
}

function paintLevel(level: string, colours: Colours): (text: string) => string {
  switch (level) {
    case "error":
      return colours.red;
    case "warn":
    case "stderr":
      return colours.yellow;
    case "info":
      return colours.cyan;
    default:
      return colours.dim;
  }
}
