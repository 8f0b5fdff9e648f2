import { AGGREGATE_ERRORS_LIMIT, CAUSES_LIMIT, FRAMES_LIMIT, STACK_LIMIT, TEXT_LIMIT } from "../limits.ts";
import type { Frame, WireError } from "../outcome.ts";
import type { Reference, Value } from "../values.ts";
import { type DecodeHooks, decodeValue } from "./decode.ts";
import { type EncodeHooks, encodeValue } from "./encode.ts";
import { addProperties, errorType, extraProperties, hide, makeError } from "./error-classes.ts";
import { aggregated } from "./error-tag.ts";
import { ERRORS_LIMIT, ERROR_PROPERTIES_LIMIT } from "./limits.ts";
import { parseFrames } from "./stack-frames.ts";

// Errors that were thrown. In contrast to errors that are values, they always cross: what cannot be encoded is left out, what is too long is
// cut, because hiding the error behind a complaint about one of its properties would help nobody.

/** The type under which something that is no Error is thrown; no class can have such a name. */
const THROWN_VALUE_TYPE = "thrown value";

/** Stands where causes or members beyond a limit were left out. */
export const LEFT_OUT_TYPE = "left out";

interface ErrorHooks extends EncodeHooks<Reference> {
  /** Reads the frames of a stack trace. Default: parseFrames, which has no source lines. */
  readonly frames?: (stack: string) => readonly Frame[];
}

/** Encodes anything that was thrown. Never throws. Limits: 10 causes deep, 20 members of an AggregateError, 64 KB of own properties. */
export function encodeError(thrown: unknown, hooks: ErrorHooks = {}): WireError {
  return encodeWithin({ hooks, left: ERRORS_LIMIT }, thrown, 0);
}

/** Makes an Error again, of its own class where that class is known here. A thrown non-Error is found as its `cause`. */
export function decodeError(wire: WireError, hooks: DecodeHooks<Reference> = {}): Error {
  if (wire.type === THROWN_VALUE_TYPE) return thrownValueError(wire, hooks);
  const error = makeError(wire);
  if (wire.cause !== null) hide(error, "cause", decodeThrown(wire.cause, hooks));
  if (wire.errors !== null)
    hide(
      error,
      "errors",
      wire.errors.map((member) => decodeThrown(member, hooks)),
    );
  const properties = wire.value === null ? undefined : decodeInline(wire.value, hooks);
  if (typeof properties === "object" && properties !== null) addProperties(error, properties);
  return error;
}

interface Budget {
  readonly hooks: ErrorHooks;
  left: number;
}

function encodeWithin(budget: Budget, thrown: unknown, depth: number): WireError {
  if (depth > CAUSES_LIMIT || budget.left <= 0) return leftOut("further causes were left out");
  budget.left--;
  try {
    return thrown instanceof Error ? encodeInstance(budget, thrown, depth) : encodeThrownValue(budget, thrown);
  } catch (cause) {
    // A getter or proxy of the thrown thing threw in its turn.
    return bare("Error", `an error that could not be read: ${describe(cause)}`);
  }
}

function encodeInstance(budget: Budget, error: Error, depth: number): WireError {
  const stack = cut(String(error.stack ?? ""), STACK_LIMIT);
  const members = aggregated(error);
  return {
    type: errorType(error).slice(0, 1_000),
    message: cut(String(error.message), TEXT_LIMIT),
    stack,
    frames: (budget.hooks.frames ?? parseFrames)(stack).slice(0, FRAMES_LIMIT),
    value: encodeProperties(budget, error),
    cause:
      Object.hasOwn(error, "cause") && error.cause !== undefined ? encodeWithin(budget, error.cause, depth + 1) : null,
    errors: members === undefined ? null : encodeMembers(budget, members, depth),
  };
}

function encodeMembers(budget: Budget, members: readonly unknown[], depth: number): WireError[] {
  if (members.length <= AGGREGATE_ERRORS_LIMIT) return members.map((member) => encodeWithin(budget, member, depth + 1));
  const kept = members.slice(0, AGGREGATE_ERRORS_LIMIT - 1).map((member) => encodeWithin(budget, member, depth + 1));
  return [...kept, leftOut(`${members.length - kept.length} further errors were left out`)];
}

function encodeThrownValue(budget: Budget, thrown: unknown): WireError {
  const value = tryEncode(budget, thrown);
  const isSmall = value !== undefined && value.data.length <= ERROR_PROPERTIES_LIMIT;
  const text = isSmall && typeof thrown === "object" && thrown !== null ? value.data : describe(thrown);
  return { ...bare(THROWN_VALUE_TYPE, cut(text, TEXT_LIMIT)), value: isSmall ? inline(value) : null };
}

/** Each property alone first: one that cannot be encoded must not take the others with it. */
function encodeProperties(budget: Budget, error: Error): Value | null {
  let room = ERROR_PROPERTIES_LIMIT;
  const kept = extraProperties(error).filter(([key, property]) => {
    const encoded = tryEncode(budget, property);
    const size = key.length + (encoded?.data.length ?? Number.POSITIVE_INFINITY);
    if (size > room) return false;
    room -= size;
    return true;
  });
  const encoded = kept.length === 0 ? undefined : tryEncode(budget, Object.fromEntries(kept));
  return encoded === undefined ? null : inline(encoded);
}

type EncodedValue = ReturnType<typeof encodeValue<Reference>>;

function tryEncode(budget: Budget, value: unknown): EncodedValue | undefined {
  try {
    return encodeValue(value, budget.hooks);
  } catch {
    return undefined;
  }
}

function inline({ data, references }: EncodedValue): Value {
  return { kind: "inline", data, references };
}

function leftOut(message: string): WireError {
  return bare(LEFT_OUT_TYPE, message);
}

function bare(type: string, message: string): WireError {
  return { type, message, stack: "", frames: [], value: null, cause: null, errors: null };
}

function decodeThrown(wire: WireError, hooks: DecodeHooks<Reference>): unknown {
  if (wire.type !== THROWN_VALUE_TYPE || wire.value === null) return decodeError(wire, hooks);
  return decodeInline(wire.value, hooks);
}

function thrownValueError(wire: WireError, hooks: DecodeHooks<Reference>): Error {
  const error = makeError({ ...wire, message: `a value that is no Error was thrown: ${wire.message}` });
  if (wire.value !== null) hide(error, "cause", decodeInline(wire.value, hooks));
  return error;
}

/** What belongs to an error is always inline, and never a reason to lose the error. */
function decodeInline(value: Value, hooks: DecodeHooks<Reference>): unknown {
  if (value.kind !== "inline") return undefined;
  try {
    return decodeValue(value, hooks);
  } catch {
    return undefined;
  }
}

function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const mark = `… (${text.length - limit} more characters)`;
  return text.slice(0, limit - mark.length) + mark;
}

function describe(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "something without a text form";
  }
}
