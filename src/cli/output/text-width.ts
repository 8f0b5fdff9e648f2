import { stripVTControlCharacters } from "node:util";

// Columns that text takes on a terminal. East Asian wide characters and emoji take two, combining marks none.

const zeroWidth = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const doubleWidth =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{1fa70}-\u{1faff}\u{20000}-\u{3fffd}]$/u;
const printableAscii = /^[\x20-\x7e]*$/;
// oxlint-disable-next-line no-control-regex -- Control characters are what this removes.
const controls = /[\u0000-\u001f\u007f-\u009f]+/g;

/** The columns of text without colours or control characters. */
export function textWidth(text: string): number {
  if (printableAscii.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Text cut to so many columns, with the mark at the end where something is missing. */
export function fitText(text: string, columns: number, mark: string): string {
  if (textWidth(text) <= columns) return text;
  const limit = columns - textWidth(mark);
  if (limit <= 0) return columns <= 0 ? "" : mark.slice(0, columns);
  let width = 0;
  let fitting = "";
  for (const character of text) {
    width += characterWidth(character);
    if (width > limit) break;
    fitting += character;
  }
  return fitting + mark;
}

export function padText(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - textWidth(text)));
}

/** What a user's program wrote, on one line and unable to steer the terminal. */
export function plainLine(text: string): string {
  return printableAscii.test(text) ? text : stripVTControlCharacters(text).replaceAll(controls, " ");
}

function characterWidth(character: string): number {
  if (zeroWidth.test(character)) return 0;
  return doubleWidth.test(character) ? 2 : 1;
}
