import { isJsonArray } from "./json.ts";
import { BIGINT_DIGITS_LIMIT } from "./limits.ts";
import type { Tag } from "./tag.ts";

export const undefinedTag: Tag<undefined> = {
  name: "undefined",
  encode: () => null,
  decode(payload, parts) {
    if (payload !== undefined) parts.refuse("is malformed: undefined has no payload");
    return undefined;
  },
};

const specialNumbers = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

/** The numbers that JSON has no form for, and -0, which most JSON readers take for 0. */
export const numberTag: Tag<number> = {
  name: "number",
  encode: (value) => (value === 0 ? "-0" : String(value)),
  decode(payload, parts) {
    const value = typeof payload === "string" ? specialNumbers.get(payload) : undefined;
    return value ?? parts.refuse('is malformed: a tagged number is "NaN", "Infinity", "-Infinity" or "-0"');
  },
};

const decimal = /^(?:0|-?[1-9][0-9]*)$/;

export const bigintTag: Tag<bigint> = {
  name: "bigint",
  encode(value, parts) {
    const digits = value.toString();
    return digits.length <= BIGINT_DIGITS_LIMIT ? digits : parts.refuse(tooManyDigits);
  },
  decode(payload, parts) {
    if (typeof payload !== "string" || !decimal.test(payload))
      return parts.refuse("is malformed: a bigint is decimal digits");
    return payload.length <= BIGINT_DIGITS_LIMIT ? BigInt(payload) : parts.refuse(tooManyDigits);
  },
};

const tooManyDigits = `is a bigint of more than ${BIGINT_DIGITS_LIMIT} digits`;

/** An invalid date has the payload null. */
export const dateTag: Tag<Date> = {
  name: "date",
  encode: (date) => (Number.isNaN(date.getTime()) ? null : date.toISOString()),
  decode(payload, parts) {
    if (payload === null) return new Date(Number.NaN);
    const date = new Date(typeof payload === "string" ? payload : Number.NaN);
    const isExact = !Number.isNaN(date.getTime()) && date.toISOString() === payload;
    return isExact
      ? date
      : parts.refuse("is malformed: a date is written as 2026-01-31T12:00:00.000Z, or null when invalid");
  },
};

/** The third entry, where to search next, is written only when it is not 0. */
export const regexpTag: Tag<RegExp> = {
  name: "regexp",
  encode: ({ source, flags, lastIndex }) => (lastIndex === 0 ? [source, flags] : [source, flags, lastIndex]),
  decode(payload, parts) {
    const [source, flags, lastIndex = 0] = isJsonArray(payload) ? payload : [];
    if (typeof source !== "string" || typeof flags !== "string" || typeof lastIndex !== "number") {
      return parts.refuse("is malformed: a regular expression is [source, flags] or [source, flags, lastIndex]");
    }
    try {
      const expression = new RegExp(source, flags);
      expression.lastIndex = lastIndex;
      return expression;
    } catch (cause) {
      return parts.refuse("is a regular expression that this JavaScript engine does not accept", { cause });
    }
  },
};

export const urlTag: Tag<URL> = {
  name: "url",
  encode: (url) => url.href,
  decode(payload, parts) {
    const url = typeof payload === "string" && URL.canParse(payload) ? new URL(payload) : undefined;
    return url?.href === payload && url !== undefined
      ? url
      : parts.refuse("is malformed: a url is its normalised absolute text");
  },
};
