import type { Clock, Ms } from "../../base/clock.ts";

/** A view took longer than it may: it is given up, so that nobody waits for it and the write-ahead log can shrink. */
export class ViewTimeout extends Error {
  override readonly name = "ViewTimeout";
  constructor(limitMs: Ms) {
    super(`It takes longer than ${limitMs} ms to read all of this.`);
  }
}

/** What one view may cost. */
export interface ViewBudget {
  /** Throws a ViewTimeout when the time is up; called between pages of rows. */
  checkTime(): void;
  /** Takes so many characters for a value; false when they are no longer there. */
  takeText(characters: number): boolean;
  /** Whether anything is left for values. */
  hasText(): boolean;
}

export function createViewBudget(clock: Clock, limits: { timeMs: Ms; characters: number }): ViewBudget {
  const end = clock.monotonic() + limits.timeMs;
  let left = limits.characters;
  return {
    checkTime() {
      if (clock.monotonic() > end) throw new ViewTimeout(limits.timeMs);
    },
    takeText(characters) {
      left -= characters;
      return left >= 0;
    },
    hasText: () => left > 0,
  };
}
