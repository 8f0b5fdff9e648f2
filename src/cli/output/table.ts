import { fitText, padText, plainLine, textWidth } from "./text-width.ts";

export interface Column<Row> {
  readonly title: string;
  value(row: Row): string;
  /** Numbers stand to the right. */
  readonly alignsRight?: boolean;
  /** Colours the finished cell. */
  paint?(text: string, row: Row): string;
  /** Gives up columns when the terminal is too narrow. */
  readonly canShrink?: boolean;
}

export interface TableLook {
  /** Columns of the terminal; null where nothing may be cut: in a pipe or a file. */
  readonly width: number | null;
  paintTitle(text: string): string;
  /** What stands for text that was cut. */
  readonly mark: string;
}

const GAP = "  ";
const LEAST_WIDTH = 8;

/** Lines of a table: titles, then one for each row. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], look: TableLook): string[] {
  const cells = rows.map((row) => columns.map((column) => plainLine(column.value(row)) || "-"));
  const widths = columns.map((column, index) =>
    Math.max(textWidth(column.title), ...cells.map((line) => textWidth(line[index] ?? ""))),
  );
  if (look.width !== null) shrink(widths, columns, look.width);

  const cell = (text: string, index: number): string => {
    const width = widths[index] ?? 0;
    const fitting = fitText(text, width, look.mark);
    if (columns[index]?.alignsRight) return " ".repeat(Math.max(0, width - textWidth(fitting))) + fitting;
    return index === columns.length - 1 ? fitting : padText(fitting, width);
  };
  const titles = columns.map((column, index) => look.paintTitle(cell(column.title, index))).join(GAP);
  const lines = rows.map((row, line) =>
    columns
      .map((column, index) => {
        const text = cell(cells[line]?.[index] ?? "", index);
        return column.paint?.(text, row) ?? text;
      })
      .join(GAP),
  );
  return [titles, ...lines];
}

/** Takes what is too much from the columns that can shrink, the widest first. */
function shrink<Row>(widths: number[], columns: readonly Column<Row>[], limit: number): void {
  let excess = widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)) - limit;
  while (excess > 0) {
    let widest = -1;
    for (const [index, column] of columns.entries()) {
      if (column.canShrink && (widths[index] ?? 0) > Math.max(LEAST_WIDTH, widths[widest] ?? 0)) widest = index;
    }
    if (widest < 0) return; // Nothing can give way: the terminal wraps the lines.
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
}
