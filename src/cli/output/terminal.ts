import type { WriteStream } from "node:tty";
import { type Colours, createColours, hasColour, hasUnicode } from "./colour.ts";

/** One of the two streams that a command writes to. What it can show is asked of each by itself: either may be a pipe. */
export interface Terminal {
  readonly isTty: boolean;
  readonly hasUnicode: boolean;
  readonly colours: Colours;
  /** Columns and rows now; null where there is no terminal, so that nothing is cut. */
  size(): { readonly columns: number; readonly rows: number } | null;
  write(text: string): void;
  /** Calls back when the window changes its size; the returned function ends that. */
  onResize(changed: () => void): () => void;
}

export interface TerminalOptions {
  /** False after `--no-color`. */
  readonly wantsColour: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const USUAL_COLUMNS = 80;
const USUAL_ROWS = 24;

export function createTerminal(stream: NodeJS.WriteStream, options: TerminalOptions): Terminal {
  // Node types both streams as terminals; a pipe has none of a terminal's members.
  const tty: Partial<WriteStream> = stream;
  const isTty = tty.isTTY === true;
  return {
    isTty,
    hasUnicode: hasUnicode(options.environment),
    colours: createColours(hasColour({ isWanted: options.wantsColour, isTty, environment: options.environment })),
    size: () => (isTty ? { columns: tty.columns || USUAL_COLUMNS, rows: tty.rows || USUAL_ROWS } : null),
    write: (text) => void stream.write(text),
    onResize(changed) {
      stream.on("resize", changed);
      return () => void stream.off("resize", changed);
    },
  };
}

/** `TERM=dumb` has a screen, but nothing can be drawn on it; a coding agent reads lines. */
export function canRedraw(terminal: Terminal, environment: Readonly<Record<string, string | undefined>>): boolean {
  return terminal.isTty && environment["TERM"] !== "dumb" && !isCodingAgent(environment);
}

/** Whether a program reads along at the terminal that says so: it is asked nothing, and nothing is drawn twice for it. */
export function isCodingAgent(environment: Readonly<Record<string, string | undefined>>): boolean {
  return ["AI_AGENT", "AGENT", "CLAUDECODE"].some((name) => Boolean(environment[name]));
}
