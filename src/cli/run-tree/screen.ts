import type { Terminal } from "../output/terminal.ts";

/** The last lines of a terminal, drawn again and again in place. */
export interface Screen {
  /** Shows these lines instead of the ones before. Each must fit the width: a wrapped line would not be found again. */
  draw(lines: readonly string[]): void;
  /** What stands on the screen may have moved: everything is written again next time. */
  invalidate(): void;
  /** Leaves the cursor below what was drawn last, visible. Calling it twice changes nothing. */
  close(): void;
}

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";
const clearLine = "\u001b[K";
const clearBelow = "\u001b[J";

/** Draws on a terminal; only lines that have changed are written. */
export function createScreen(terminal: Pick<Terminal, "write">): Screen {
  let drawn: readonly string[] = [];
  let isOpen = false;

  return {
    draw(lines) {
      const up = drawn.length === 0 ? "" : `\u001b[${drawn.length}A`;
      let output = isOpen ? up : hideCursor;
      isOpen = true;
      for (const [index, line] of lines.entries()) {
        output += line === drawn[index] ? "\n" : `\r${line}${clearLine}\n`;
      }
      if (lines.length < drawn.length) output += clearBelow;
      drawn = lines;
      terminal.write(output);
    },
    invalidate() {
      drawn = drawn.map(() => "");
    },
    close() {
      if (isOpen) terminal.write(showCursor);
      isOpen = false;
      drawn = [];
    },
  };
}
