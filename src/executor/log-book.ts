import type { Clock, Timers } from "../base/clock.ts";
import { type LogLevel, logLevels } from "../protocol/agent-messages.ts";
import type { ExecutorMessage } from "../protocol/executor-messages.ts";
import { LOG_TEXT_LIMIT } from "../protocol/limits.ts";
import {
  ENDED_LOGS_LIMIT,
  LOG_BATCH_CHARACTERS,
  LOG_BATCH_ENTRIES,
  LOG_BATCH_MS,
  LOG_CHARACTERS_PER_SECOND,
  LOG_ENTRIES_PER_SECOND,
} from "./limits.ts";

// Log lines on their way out: numbered for each execution, limited for each execution, collected for all.

type LogEntry = Extract<ExecutorMessage, { readonly kind: "logs" }>["entries"][number];

export interface LogBook {
  /** `values`: a JSON object as text, or null. Never throws, never waits. */
  write(execution: string, level: LogLevel, template: string, values: string | null): void;
  /** Lets everything leave that was written so far. */
  flush(): void;
  /** The execution logs no more: says what was dropped, and lets everything leave. */
  end(execution: string): void;
}

interface Page {
  sequence: number;
  windowEnds: number;
  entries: number;
  characters: number;
  dropped: number;
}

export function createLogBook(options: {
  clock: Clock;
  timers: Timers;
  send: (message: ExecutorMessage) => void;
}): LogBook {
  const { clock, timers, send } = options;
  const pages = new Map<string, Page>();
  /** Of executions that ended last: what they started may outlive them, and still log. */
  const ended = new Map<string, Page>();
  let batch: LogEntry[] = [];
  let batchCharacters = 0;
  let isTimed = false;

  const flush = (): void => {
    if (batch.length === 0) return;
    send({ kind: "logs", entries: batch });
    batch = [];
    batchCharacters = 0;
  };

  const add = (execution: string, page: Page, level: LogLevel, template: string, values: string | null): void => {
    page.sequence += 1;
    const fits = values === null || values.length <= LOG_TEXT_LIMIT;
    batch.push({
      execution,
      sequence: page.sequence,
      timestamp: clock.now(),
      level: logLevels.indexOf(level),
      template: cut(fits ? template : `${template} (values too large to keep: ${values.length} characters)`),
      values: fits ? values : null,
    });
    batchCharacters += keptLength(template) + keptLength(values ?? "");
    if (batch.length >= LOG_BATCH_ENTRIES || batchCharacters >= LOG_BATCH_CHARACTERS) return flush();
    if (isTimed) return;
    isTimed = true;
    timers.after(LOG_BATCH_MS, () => {
      isTimed = false;
      flush();
    });
  };

  const tellDropped = (execution: string, page: Page): void => {
    if (page.dropped === 0) return;
    const template =
      "{dropped} log lines were dropped: an execution may log {entries} lines or {characters} characters a second";
    const facts = { dropped: page.dropped, entries: LOG_ENTRIES_PER_SECOND, characters: LOG_CHARACTERS_PER_SECOND };
    page.dropped = 0;
    add(execution, page, "warn", template, JSON.stringify(facts));
  };

  return {
    flush,
    write(execution, level, template, values) {
      const page = pages.get(execution) ?? ended.get(execution) ?? newPage();
      if (!ended.has(execution)) pages.set(execution, page);
      const now = clock.monotonic();
      if (now >= page.windowEnds) {
        tellDropped(execution, page);
        page.windowEnds = now + 1_000;
        page.entries = 0;
        page.characters = 0;
      }
      page.entries += 1;
      page.characters += keptLength(template) + keptLength(values ?? "");
      const isFlood = page.entries > LOG_ENTRIES_PER_SECOND || page.characters > LOG_CHARACTERS_PER_SECOND;
      if (isFlood) page.dropped += 1;
      else add(execution, page, level, template, values);
    },
    end(execution) {
      const page = pages.get(execution);
      if (page === undefined) return;
      tellDropped(execution, page);
      pages.delete(execution);
      ended.set(execution, page);
      for (const oldest of ended.keys()) if (ended.size > ENDED_LOGS_LIMIT) ended.delete(oldest);
      flush();
    },
  };
}

function newPage(): Page {
  return { sequence: 0, windowEnds: 0, entries: 0, characters: 0, dropped: 0 };
}

/** A line that is cut counts as what is left of it. */
function keptLength(text: string): number {
  return Math.min(text.length, LOG_TEXT_LIMIT);
}

function cut(text: string): string {
  if (text.length <= LOG_TEXT_LIMIT) return text;
  const mark = `… (${text.length - LOG_TEXT_LIMIT} more characters)`;
  return text.slice(0, LOG_TEXT_LIMIT - mark.length) + mark;
}
