import { type Patch, diff } from "../../protocol/patch.ts";
import type { LogsView } from "../../protocol/views.ts";
import type { TopicEvent } from "../../protocol/topics.ts";

/** One subscription to a live view: what its subscriber has, and what to say next. */
export interface LiveTopic {
  /** The whole value first, then what has changed since the last event; null when nothing has, undefined when there is nothing to show. */
  next(): TopicEvent | null | undefined;
}

/** A view that is computed anew and compared with what the subscriber has. */
export function comparedTopic(read: () => unknown): LiveTopic {
  let version = 0;
  let value: unknown;
  return {
    next() {
      const before = value;
      value = read();
      if (value === undefined) return undefined;
      const patch = version === 0 ? null : diff(before, value);
      if (patch?.length === 0) return null;
      version += 1;
      return patch === null ? { kind: "value", version, value } : { kind: "patch", version, patch };
    },
  };
}

/** How the lines of one run are read; undefined when there is no such run. */
export interface LogReads {
  latest(): LogsView | undefined;
  /** At most `limit` lines after a row. */
  after(row: number, limit: number): LogsView | undefined;
}

export interface LogsTopicLimits {
  /** Lines of a patch. */
  readonly added: number;
  /** Lines that a subscriber is made to keep. */
  readonly kept: number;
}

/**
 * Lines are only ever added, so nothing is compared and nothing kept but where the subscriber is. Where a patch would be too large, or the
 * subscriber would have too many lines, the view begins again with the latest.
 */
export function logsTopic(reads: LogReads, limits: LogsTopicLimits): LiveTopic {
  let version = 0;
  let last = 0; // Row of the last line that was sent.
  let length = 0; // Lines that the subscriber has.

  const begin = (): TopicEvent | undefined => {
    const value = reads.latest();
    if (value === undefined) return undefined;
    version += 1;
    last = Number(value.cursor ?? 0);
    length = value.logs.length;
    return { kind: "value", version, value };
  };

  const append = ({ logs, cursor }: LogsView): TopicEvent => {
    const patch: Patch = [
      [["logs"], logs, length],
      [["cursor"], cursor],
    ];
    version += 1;
    last = Number(cursor);
    length += logs.length;
    return { kind: "patch", version, patch };
  };

  return {
    next() {
      if (version === 0) return begin();
      const page = reads.after(last, limits.added + 1);
      if (page === undefined) return undefined;
      if (page.logs.length === 0) return null;
      const isTooMuch = page.logs.length > limits.added || length + page.logs.length > limits.kept;
      return isTooMuch ? begin() : append(page);
    },
  };
}
