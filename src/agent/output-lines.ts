import type { Clock } from "../base/clock.ts";
import { OUTPUT_LINES_PER_SECOND, OUTPUT_LINE_LIMIT } from "./limits.ts";

/** Cuts a stream of text into lines, each at most `OUTPUT_LINE_LIMIT` long; of a flood it shows so many a second and the number of the others. */
export interface OutputLines {
  push(text: string): void;
  /** The stream has ended: what stands without a line break is a line too. */
  end(): void;
}

export function createOutputLines(clock: Clock, onLine: (line: string) => void): OutputLines {
  let rest = "";
  let windowEnds = 0;
  let shown = 0;
  let dropped = 0;

  const take = (line: string): void => {
    const now = clock.monotonic();
    if (now >= windowEnds) {
      if (dropped > 0) onLine(`(${dropped} more lines were not shown)`);
      windowEnds = now + 1_000;
      shown = 0;
      dropped = 0;
    }
    if (shown < OUTPUT_LINES_PER_SECOND) onLine(line);
    else dropped += 1;
    shown += 1;
  };

  return {
    push(text) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) take(line.slice(0, OUTPUT_LINE_LIMIT));
      if (rest.length < OUTPUT_LINE_LIMIT) return;
      take(rest.slice(0, OUTPUT_LINE_LIMIT));
      rest = "";
    },
    end() {
      if (rest !== "") take(rest);
      if (dropped > 0) onLine(`(${dropped} more lines were not shown)`);
      rest = "";
      dropped = 0;
    },
  };
}
