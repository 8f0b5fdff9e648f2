import type { Failure } from "../../protocol/error-codes.ts";

// JSON knows numbers of any size, JavaScript does not: one that would come back as another is refused instead.

/** Only a text with such a piece can hold one: sixteen digits, or an exponent of three. */
const suspicious = /\d{16}|[eE][+-]?\d{3}/;
const number = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y;

/** `text` is JSON. Names the first number in it that would be changed: an integer beyond the exact ones, or what would be infinite. */
export function refuseInexact(text: string): Failure | undefined {
  if (!suspicious.test(text)) return undefined;
  for (let at = 0; at < text.length;) {
    const character = text.charAt(at);
    if (character === '"') {
      at = endOfString(text, at);
      continue;
    }
    number.lastIndex = at;
    const [literal, fraction, exponent] = number.exec(text) ?? [];
    if (literal === undefined) {
      at += 1;
      continue;
    }
    if (!isKept(literal, fraction !== undefined || exponent !== undefined)) return inexact(text, at, literal);
    at += literal.length;
  }
  return undefined;
}

/** Digits behind the point are rounded everywhere, and nobody counts on the last of them. */
function isKept(literal: string, isFractional: boolean): boolean {
  const value = Number(literal);
  if (isFractional) return Number.isFinite(value);
  return Number.isSafeInteger(value) || String(value) === literal;
}

/** The place behind the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charAt(end - 1 - escapes) === "\\") escapes += 1;
    if (escapes % 2 === 0) return end + 1;
  }
}

function inexact(text: string, at: number, literal: string): Failure {
  const shown = literal.length <= 40 ? literal : `${literal.slice(0, 40)}…`;
  const field = pathOf(text, at, literal.length);
  const wayOut = /^-?\d+$/.test(literal)
    ? `send it as {"$":"bigint","v":"${shown}"} or as a text`
    : "send it as a text";
  const message = `${field}: the number ${shown} cannot be kept exactly: ${wayOut}`;
  return { code: "invalid_value", message, details: { field } };
}

/** Where in the value a piece of its text stands: found by putting something else in its place. */
function pathOf(text: string, at: number, length: number): string {
  const mark = `number at ${at}`;
  const marked: unknown = JSON.parse(`${text.slice(0, at)}${JSON.stringify(mark)}${text.slice(at + length)}`);
  return findPath(marked, mark) || "the body";
}

function findPath(value: unknown, mark: string): string | undefined {
  if (value === mark) return "";
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const rest = findPath(member, mark);
    if (rest === undefined) continue;
    const step = Array.isArray(value) ? `[${key}]` : key;
    return rest === "" || rest.startsWith("[") ? `${step}${rest}` : `${step}.${rest}`;
  }
  return undefined;
}
