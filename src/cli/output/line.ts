import { fitText, textWidth } from "./text-width.ts";

/** A piece of a line with its colour. Lines are cut before they are coloured, so that no colour is cut in half. */
export interface Piece {
  readonly text: string;
  readonly paint?: ((text: string) => string) | undefined;
}

/** One line of at most so many columns (null: as long as it is), with the mark where it was cut. */
export function formatLine(pieces: readonly Piece[], columns: number | null, mark: string): string {
  let left = columns ?? Infinity;
  let line = "";
  for (const { text, paint } of pieces) {
    const fitting = fitText(text, left, mark);
    line += paint && fitting !== "" ? paint(fitting) : fitting;
    if (fitting !== text) break;
    left -= textWidth(text);
  }
  return line;
}

export function widthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { text }) => sum + textWidth(text), 0);
}
