import { exhaustive } from "../../base/exhaustive.ts";
import { errorField, type Outcome } from "../../protocol/outcome.ts";
import { noOptions, type TargetOptions } from "../../protocol/manifest.ts";
import { type Reference, type Value, referenceField, valueField } from "../../protocol/values.ts";
import { REFERENCES_LIMIT } from "../../protocol/limits.ts";
import type { ExecutionStatus } from "../../protocol/views.ts";
import { list } from "../../protocol/shape.ts";

// How user values lie in columns. Their text is kept as it came, so that it can be read with any SQLite tool; what it refers to, and the
// blob of a value that has no text here, stand beside it as JSON.

const referenceList = list(referenceField, REFERENCES_LIMIT);

/** The columns `result` and `result_links` of an execution. */
export interface ResultColumns {
  readonly result: string | null;
  readonly resultLinks: string | null;
}

export function packArguments(values: readonly Value[]): string {
  return JSON.stringify(values.map((value) => valueField.pack(value)));
}

export function unpackArguments(column: string): readonly Value[] {
  const packed: unknown = JSON.parse(column);
  if (!Array.isArray(packed)) throw new Error("arguments are stored as a list");
  return packed.map((value) => valueField.parse(value, "arguments"));
}

export function packOutcome(outcome: Outcome): ResultColumns {
  switch (outcome.kind) {
    case "succeeded":
      return packValue(outcome.value);
    case "failed":
      return { result: JSON.stringify(errorField.pack(outcome.error)), resultLinks: null };
    case "abandoned":
      return { result: outcome.reason, resultLinks: null };
    case "cancelled":
    case "timed_out":
      return { result: null, resultLinks: null };
    default:
      return exhaustive(outcome);
  }
}

/** The outcome of an execution that is final and has no successor; undefined for any other status. */
export function unpackOutcome(status: ExecutionStatus, columns: ResultColumns): Outcome | undefined {
  switch (status) {
    case "succeeded":
      return { kind: "succeeded", value: unpackValue(columns) };
    case "failed":
      return { kind: "failed", error: errorField.parse(JSON.parse(columns.result ?? "null"), "result") };
    case "abandoned":
      return { kind: "abandoned", reason: columns.result ?? "" };
    case "cancelled":
    case "timed_out":
      return { kind: status };
    default:
      return undefined;
  }
}

/** Only what is set; null when nothing is. */
export function packOptions(options: TargetOptions | null): string | null {
  const set = Object.entries(options ?? noOptions).filter(([, value]) => value !== null);
  return set.length === 0 ? null : JSON.stringify(Object.fromEntries(set));
}

export function unpackOptions(column: string | null): TargetOptions {
  return column === null ? noOptions : { ...noOptions, ...(JSON.parse(column) as Partial<TargetOptions>) }; // As packed above.
}

function packValue(value: Value): ResultColumns {
  if (value.kind === "blob") return { result: null, resultLinks: JSON.stringify(valueField.pack(value)) };
  return { result: value.data, resultLinks: packReferences(value.references) };
}

function unpackValue({ result, resultLinks }: ResultColumns): Value {
  const links: unknown = resultLinks === null ? [] : JSON.parse(resultLinks);
  if (result === null) return valueField.parse(links, "result");
  return { kind: "inline", data: result, references: referenceList.parse(links, "result") };
}

function packReferences(references: readonly Reference[]): string | null {
  return references.length === 0 ? null : JSON.stringify(referenceList.pack(references));
}
