import type { Clock, Ms } from "../../base/clock.ts";

/** A view costs more than it may and is given up. The message is for whoever asked. */
export class ViewTooCostly extends Error {
  override readonly name = "ViewTooCostly";
}

/** What one view may cost. */
export interface ViewBudget {
  /** Throws when the time is up; called between pages of rows. Until a read ends, the write-ahead log cannot shrink. */
  checkTime(): void;
  /** Takes so many characters for a value; false when they are no longer there. */
  takeText(characters: number): boolean;
  /** Characters that are left for values; 0 or less when there are none. */
  textLeft(): number;
}

export function createViewBudget(clock: Clock, limits: { timeMs: Ms; characters: number }): ViewBudget {
  const end = clock.monotonic() + limits.timeMs;
  let left = limits.characters;
  return {
    checkTime() {
      if (clock.monotonic() > end) {
        throw new ViewTooCostly(`it takes longer than ${limits.timeMs} ms to read all of this`);
      }
    },
    takeText(characters) {
      left -= characters;
      return left >= 0;
    },
    textLeft: () => left,
  };
}
