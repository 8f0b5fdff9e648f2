import { STREAM_GATHER_MS, STREAM_HEARTBEAT_MS } from "../limits.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import type { LogsView } from "../../protocol/views.ts";
import type { Result } from "../../base/result.ts";
import type { Timers } from "../../base/clock.ts";
import type { TopicHub } from "../topics/topic-hub.ts";
import { failureJson } from "./refusals.ts";
import { within } from "../../process/scope.ts";

// A log as server-sent events: what is there, then what comes, page by page. `id:` is the cursor, so that a reader who comes back with
// `Last-Event-ID` goes on where it was. A page is read only when the reader has taken the one before.

export interface LogStreamParts {
  readonly topics: TopicHub;
  readonly run: string;
  /** The first page, already read, and the cursor it was read with. */
  readonly first: LogsView;
  readonly after: string | null;
  /** Reads what comes after a cursor. A page with fewer lines than the limit was the last for now. */
  readonly read: (after: string | null) => Promise<Result<LogsView, Failure>>;
  readonly pageLimit: number;
  readonly timers: Timers;
  /** The reader has gone. */
  readonly signal: AbortSignal;
}

export async function* logEvents(parts: LogStreamParts): AsyncGenerator<string> {
  const { timers, signal } = parts;
  const bell = watchLog(parts);
  let cursor = parts.after;
  let page = parts.first;
  try {
    while (!signal.aborted) {
      if (page.logs.length > 0) {
        cursor = page.cursor ?? cursor;
        yield `id: ${cursor ?? ""}\ndata: ${JSON.stringify({ logs: page.logs, cursor })}\n\n`;
      }
      while (page.logs.length < parts.pageLimit && !(await bell.rings(timers))) yield ": still here\n\n";
      const over = bell.failure();
      if (over !== undefined) return yield errorEvent(over);
      const next = await parts.read(cursor);
      if (!next.ok) return yield errorEvent(next.error);
      page = next.value;
    }
  } finally {
    bell.end();
  }
}

interface Bell {
  /** True when there may be something new, after a moment in which more is collected; false when it was silent for a heartbeat. */
  rings(timers: Timers): Promise<boolean>;
  /** Why nothing more will come. */
  failure(): Failure | undefined;
  end(): void;
}

/** The live view of the log is only listened to, for the fact that it changed. */
function watchLog({ topics, run, signal }: LogStreamParts): Bell {
  let hasRung = false;
  let over: Failure | undefined;
  let wake = (): void => undefined;
  const ring = (): void => {
    hasRung = true;
    wake();
  };
  const onError = (failure: Failure): void => {
    over = failure;
    ring();
  };
  const subscription = topics.subscribe({ kind: "logs", run }, { onValue: ring, onPatch: ring, onError });
  signal.addEventListener("abort", ring, { once: true });

  return {
    async rings(timers) {
      if (!hasRung) await within(new Promise<void>((resolve) => (wake = resolve)), STREAM_HEARTBEAT_MS, timers);
      if (!hasRung) return false;
      if (over === undefined && !signal.aborted)
        await new Promise<void>((resolve) => timers.after(STREAM_GATHER_MS, resolve));
      hasRung = false;
      return true;
    },
    failure: () => over,
    end() {
      signal.removeEventListener("abort", ring);
      subscription.end();
    },
  };
}

function errorEvent(failure: Failure): string {
  return `event: error\ndata: ${failureJson(failure)}\n\n`;
}
