import { ARGUMENTS_LIMIT } from "../protocol/limits.ts";
import type { Parameter } from "../protocol/manifest.ts";

// Reads the parameters of a function from its source, as people wrote it or as a compiler left it. No parser: only what separates one
// parameter from the next has to be understood, and whatever else stands there is passed over as a whole.

/** The parameters that a function declares. One that is taken apart (`{ a, b }`) is called by its position. */
export function parametersOf(fn: (...parameters: never[]) => unknown): Parameter[] {
  const source = Function.prototype.toString.call(fn);
  const isReadable = !/\{\s*\[native code\]\s*\}\s*$/.test(source);
  const parameters = isReadable ? readParameters(source) : unnamed(fn.length);
  return parameters.slice(0, ARGUMENTS_LIMIT);
}

function unnamed(count: number): Parameter[] {
  return Array.from({ length: count }, (_, index) => ({ name: nameAt(index), isOptional: false, isRest: false }));
}

const nameAt = (index: number): string => `arg${index + 1}`;

function readParameters(source: string): Parameter[] {
  const single = /^(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u.exec(withoutComments(source));
  if (single?.[1] !== undefined) return [{ name: single[1], isOptional: false, isRest: false }];
  const start = listStart(source);
  const end = closing(source, start);
  const outer = readList(source.slice(start + 1, end));
  const body = source.slice(end + 1);
  const inner = compiledParameters(body);
  return inner.length > 0 ? inner : outer.map((parameter) => withCompiledDefault(parameter, body));
}

/** Where the list of parameters opens: behind `async function* name`, or behind the name of a method, which may be computed. */
function listStart(source: string): number {
  let index = 0;
  while (index < source.length && source[index] !== "(") index = skip(source, index, "");
  return index;
}

function readList(list: string): Parameter[] {
  const parts = splitAt(list, ",").map((part) => withoutComments(part).trim());
  if (parts.at(-1) === "") parts.pop();
  return parts.map((part, index) => {
    const isRest = part.startsWith("...");
    const [target = "", ...defaults] = splitAt(isRest ? part.slice(3) : part, "=");
    const name = target.trim();
    const isName = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name);
    return { name: isName ? name.slice(0, 200) : nameAt(index), isOptional: defaults.length > 0 || isRest, isRest };
  });
}

/** TypeScript, compiling `async` away, moves a list with defaults into the generator that it hands to its `__awaiter`. */
function compiledParameters(body: string): Parameter[] {
  const call = /^\s*(?:=>)?\s*\{?\s*(?:return\s+)?\w*__awaiter\(/.exec(body);
  const generator = /function\s*\*\s*\w*\s*\(/g;
  generator.lastIndex = call?.[0].length ?? 0;
  const found = call === null ? null : generator.exec(body);
  if (found === null) return [];
  const start = found.index + found[0].length - 1;
  return readList(body.slice(start + 1, closing(body, start)));
}

/** Before ES2015 a default was `if (b === void 0) { b = 1; }` at the head of the body. */
function withCompiledDefault(parameter: Parameter, body: string): Parameter {
  const head = /^\s*(?:=>)?\s*\{(?:\s*if \([\w$]+ === void 0\) \{[^}]*\})*/.exec(body)?.[0] ?? "";
  return head.includes(`(${parameter.name} === void 0)`) ? { ...parameter, isOptional: true } : parameter;
}

/** The parts between separators that stand on no inner level. `=` separates only as an assignment. */
function splitAt(text: string, separator: "," | "="): string[] {
  const parts: string[] = [];
  let from = 0;
  let previous = "";
  for (let index = 0; index < text.length;) {
    const isOperator = separator === "=" && /^(?:=>|===?|!==?|<=|>=)/.test(text.slice(index, index + 3));
    if (text[index] === separator && !isOperator) {
      parts.push(text.slice(from, index));
      from = index + 1;
    }
    const next = isOperator ? index + 2 : skip(text, index, previous);
    previous = significant(text.slice(index, next), previous);
    index = next;
  }
  return [...parts, text.slice(from)];
}

/** The index of the bracket that closes the one at `start`. */
function closing(text: string, start: number): number {
  let previous = text[start] ?? "";
  let index = start + 1;
  while (index < text.length && !")]}".includes(text[index] ?? "")) {
    const next = skip(text, index, previous);
    previous = significant(text.slice(index, next), previous);
    index = next;
  }
  return index;
}

/** The index behind what begins at `index`: a comment, a string, a template, a regular expression, a bracket with all in it, or one character. */
function skip(text: string, index: number, previous: string): number {
  const character = text[index] ?? "";
  if (text.startsWith("//", index)) return indexBehind(text, "\n", index);
  if (text.startsWith("/*", index)) return indexBehind(text, "*/", index + 2);
  if (character === '"' || character === "'") return skipQuoted(text, index, character);
  if (character === "`") return skipTemplate(text, index);
  if (character === "/" && mayBeginRegex(previous)) return skipRegex(text, index);
  if ("([{".includes(character)) return closing(text, index) + 1;
  return index + 1;
}

/** A slash divides behind a value; behind an operator or an opening bracket it begins a regular expression. */
function mayBeginRegex(previous: string): boolean {
  return previous === "" || "(,=:[!&|?{};+-*%~^<>".includes(previous);
}

/** The last character that means something. */
function significant(passed: string, before: string): string {
  return /^\s*$|^\/[/*]/.test(passed) ? before : (passed.at(-1) ?? before);
}

function skipQuoted(text: string, start: number, quote: string): number {
  let index = start + 1;
  while (index < text.length && text[index] !== quote) index += text[index] === "\\" ? 2 : 1;
  return index + 1;
}

function skipTemplate(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== "`") {
    if (text.startsWith("${", index)) index = closing(text, index + 1) + 1;
    else index += text[index] === "\\" ? 2 : 1;
  }
  return index + 1;
}

function skipRegex(text: string, start: number): number {
  let isInClass = false;
  let index = start + 1;
  for (; index < text.length && (isInClass || text[index] !== "/"); index++) {
    if (text[index] === "\\") index++;
    else if (text[index] === "[") isInClass = true;
    else if (text[index] === "]") isInClass = false;
  }
  return index + 1;
}

function indexBehind(text: string, end: string, from: number): number {
  const index = text.indexOf(end, from);
  return index < 0 ? text.length : index + end.length;
}

function withoutComments(text: string): string {
  let kept = "";
  let previous = "";
  for (let index = 0; index < text.length;) {
    const next = skip(text, index, previous);
    const passed = text.slice(index, next);
    kept += /^\/[/*]/.test(passed) ? " " : passed;
    previous = significant(passed, previous);
    index = next;
  }
  return kept;
}
