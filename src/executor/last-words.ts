import type { Clock, Ms } from "../base/clock.ts";
import type { ExecutorMessage } from "../protocol/executor-messages.ts";
import { COMPLAINTS_PER_SECOND, COMPLAINT_LIMIT } from "./limits.ts";

/** What executions write to stderr goes to their logs; the agent hears of it too, at once, in case the process ends over it. */
export interface LastWords {
  note(text: string): void;
}

export function createLastWords(options: {
  clock: Clock;
  send: (message: ExecutorMessage) => void;
  flush: () => void;
}): LastWords {
  let windowEnds: Ms = 0;
  let noted = 0;
  return {
    note(text) {
      const now = options.clock.monotonic();
      if (now >= windowEnds) {
        windowEnds = now + 1_000;
        noted = 0;
      }
      noted += 1;
      if (noted > COMPLAINTS_PER_SECOND) return;
      options.send({ kind: "complained", text: text.slice(0, COMPLAINT_LIMIT) });
      options.flush();
    },
  };
}
