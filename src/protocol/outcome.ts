import { exhaustive } from "../base/exhaustive.ts";
import { AGGREGATE_ERRORS_LIMIT, FRAMES_LIMIT, STACK_LIMIT, TEXT_LIMIT } from "./limits.ts";
import { type Field, ShapeError, asArray, flag, integer, list, nullable, object, recursive, text } from "./shape.ts";
import { type Value, valueField } from "./values.ts";

/** One line of a stack trace, source-mapped by the executor, so that nobody else needs the maps. */
export interface Frame {
  readonly function: string;
  /** Relative to the agent's working directory where it lies below it. */
  readonly file: string;
  /** Line and column count from 1. */
  readonly line: number;
  readonly column: number;
  /** The source line itself, trimmed; empty when the source is not at hand. */
  readonly code: string;
  /** False for frames of dependencies and of Node itself. */
  readonly inApp: boolean;
}

/** An error that crossed a process border. */
export interface WireError {
  /** The name of its class. */
  readonly type: string;
  readonly message: string;
  readonly stack: string;
  readonly frames: readonly Frame[];
  /** Its own enumerable properties as a value; for a thrown non-Error, the thrown value. */
  readonly value: Value | null;
  readonly cause: WireError | null;
  /** The members of an AggregateError. */
  readonly errors: readonly WireError[] | null;
}

/** How an execution ended, as the one who waits for it sees it. */
export type Outcome =
  | { readonly kind: "succeeded"; readonly value: Value }
  | { readonly kind: "failed"; readonly error: WireError }
  | { readonly kind: "abandoned"; readonly reason: string }
  | { readonly kind: "cancelled" }
  | { readonly kind: "timed_out" };

const frameField: Field<Frame> = object({
  function: text(1_000),
  file: text(4_096),
  line: integer(0, Number.MAX_SAFE_INTEGER),
  column: integer(0, Number.MAX_SAFE_INTEGER),
  code: text(1_000),
  inApp: flag,
});

export const errorField: Field<WireError> = recursive(() =>
  object({
    type: text(1_000),
    message: text(TEXT_LIMIT),
    stack: text(STACK_LIMIT),
    frames: list(frameField, FRAMES_LIMIT),
    value: nullable(valueField),
    cause: nullable(errorField),
    errors: nullable(list(errorField, AGGREGATE_ERRORS_LIMIT)),
  }),
);

const reasonText = text(TEXT_LIMIT);

/** On the wire: `[0, value]`, `[1, error]`, `[2, reason]`, `[3]` or `[4]`, in the order of the union. */
export const outcomeField: Field<Outcome> = {
  pack(outcome) {
    switch (outcome.kind) {
      case "succeeded":
        return [0, valueField.pack(outcome.value)];
      case "failed":
        return [1, errorField.pack(outcome.error)];
      case "abandoned":
        return [2, outcome.reason];
      case "cancelled":
        return [3];
      case "timed_out":
        return [4];
      default:
        return exhaustive(outcome);
    }
  },
  parse(input, path) {
    const [tag, detail] = asArray(input, path);
    switch (tag) {
      case 0:
        return { kind: "succeeded", value: valueField.parse(detail, path) };
      case 1:
        return { kind: "failed", error: errorField.parse(detail, path) };
      case 2:
        return { kind: "abandoned", reason: reasonText.parse(detail, path) };
      case 3:
        return { kind: "cancelled" };
      case 4:
        return { kind: "timed_out" };
      default:
        throw new ShapeError(path, "an outcome");
    }
  },
};
