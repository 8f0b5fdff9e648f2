import { exhaustive } from "../../base/exhaustive.ts";
import type { Cancel, Clock, Timers } from "../../base/clock.ts";
import type { RunView } from "../../protocol/views.ts";
import { FINAL_TREE_LINES, REDRAW_MS } from "../limits.ts";
import type { Terminal } from "../output/terminal.ts";
import type { ProgressKind } from "./progress-kind.ts";
import { type SaidStates, describeChanges } from "./changes.ts";
import { renderRun } from "./render.ts";
import { createScreen } from "./screen.ts";

/** Shows how a run gets on, on stderr. */
export interface Progress {
  show(run: RunView): void;
  /** Leaves the last state of it on the terminal, and nothing that moves. Calling it twice changes nothing. */
  close(): void;
}

export interface ProgressParts {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly timers: Timers;
  /** `default/development` */
  readonly place: string;
}

export function createProgress(kind: Exclude<ProgressKind, "auto">, parts: ProgressParts): Progress {
  switch (kind) {
    case "tree":
      return createLiveTree(parts);
    case "plain":
      return createPlainProgress(parts);
    case "none":
      return { show: () => undefined, close: () => undefined };
    default:
      return exhaustive(kind);
  }
}

/** A tree that is drawn anew while the run goes on: whatever changed, and the time, at most every `REDRAW_MS`. */
function createLiveTree({ terminal, clock, timers, place }: ProgressParts): Progress {
  const screen = createScreen(terminal);
  let run: RunView | null = null;
  let redraw: Cancel | null = null;

  const draw = (lines: number): void => {
    if (!run) return;
    const { colours, hasUnicode } = terminal;
    const look = { colours, hasUnicode, withGroups: true, withAttempts: false };
    // The last column stays free: some terminals wrap a line that fills it.
    const columns = (terminal.size()?.columns ?? Infinity) - 1;
    screen.draw(renderRun(run, place, clock.now(), { ...look, columns, lines }));
  };
  const drawAgain = (): void => {
    // One line stays free for the cursor.
    draw((terminal.size()?.rows ?? Infinity) - 1);
    redraw = timers.after(REDRAW_MS, drawAgain);
  };
  const stopResizing = terminal.onResize(() => screen.invalidate());

  return {
    show(next) {
      run = next;
      if (!redraw) drawAgain();
    },
    close() {
      stopResizing();
      redraw?.();
      draw(FINAL_TREE_LINES);
      screen.close();
      run = null;
    },
  };
}

function createPlainProgress({ terminal, clock }: ProgressParts): Progress {
  const said: SaidStates = new Map();
  return {
    show(run) {
      for (const line of describeChanges(run, said, clock.now())) terminal.write(`${line}\n`);
    },
    close: () => undefined,
  };
}
