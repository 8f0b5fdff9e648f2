import { type Column, formatTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** Data goes to stdout, all else to stderr. */
export interface Output {
  readonly out: Terminal;
  readonly err: Terminal;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  /** One line of data. */
  line(text: string): void;
  /** A value as JSON: laid out on a terminal, on one line for programs. */
  json(value: unknown): void;
  /** One of many values, each on its line, for `--json` with `-f`. */
  jsonLine(value: unknown): void;
  /** Rows as a table, as the API's JSON with `--json`, or as ids alone with `-q`. */
  list<Row>(list: ListOutput<Row>): void;
  /** Members of one thing, one on each line. */
  facts(facts: readonly (readonly [name: string, value: string])[]): void;
  /** What a person may want to know; silent with `-q` and `--json`. */
  note(text: string): void;
  /** The next useful command; only where a person reads along. */
  next(command: string): void;
}

interface ListOutput<Row> {
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly id: (row: Row) => string;
  /** What `--json` prints: the answer of the API as it is. */
  readonly body: unknown;
  /** Said on stderr when there are no rows. */
  readonly empty: string;
}

export interface OutputParts {
  readonly out: Terminal;
  readonly err: Terminal;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
}

export function createOutput({ out, err, isJson, isQuiet }: OutputParts): Output {
  const line = (text: string): void => out.write(`${text}\n`);
  const json = (value: unknown): void => line(JSON.stringify(value, null, out.isTty ? 2 : 0));
  const note = (text: string): void => {
    if (!isQuiet && !isJson) err.write(`${text}\n`);
  };
  return {
    out,
    err,
    isJson,
    isQuiet,
    line,
    json,
    jsonLine: (value) => line(JSON.stringify(value)),
    note,
    list({ rows, columns, id, body, empty }) {
      if (isJson) return json(body);
      if (isQuiet) return rows.forEach((row) => line(id(row)));
      if (rows.length === 0) return note(empty);
      const look = {
        width: out.size()?.columns ?? null,
        paintTitle: out.colours.dim,
        mark: out.hasUnicode ? "…" : "...",
      };
      for (const text of formatTable(columns, rows, look)) line(text);
    },
    facts(facts) {
      const width = Math.max(...facts.map(([name]) => name.length));
      for (const [name, value] of facts) line(`${out.colours.dim(name.padEnd(width))}  ${value}`);
    },
    next(command) {
      if (err.isTty) note(err.colours.dim(`next: ${command}`));
    },
  };
}
