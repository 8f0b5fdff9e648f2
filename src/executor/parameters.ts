import { ARGUMENTS_LIMIT } from "../protocol/limits.ts";
import type { Parameter } from "../protocol/manifest.ts";

// Reads the parameters of a function from its source, as people wrote it or as a compiler left it. No parser: only what separates one
// parameter from the next has to be understood, and whatever else stands there is passed over as a whole.

/** How the code at `offset` of a piece of the bundle was written: the rest of its line, once for each place that has such a piece. */
export type WrittenCode = (piece: string, offset: number) => readonly string[];

/**
 * The parameters that a function declares. One that is taken apart (`{ a, b }`) is called by its position. The build leaves out TypeScript's
 * `name?`, and may call `name` `name2`: with `written` they are what their author wrote.
 */
export function parametersOf(fn: (...parameters: never[]) => unknown, written?: WrittenCode): Parameter[] {
  const source = Function.prototype.toString.call(fn);
  const isReadable = !/\{\s*\[native code\]\s*\}\s*$/.test(source);
  const found = (isReadable ? readParameters(source) : unnamed(fn.length)).slice(0, ARGUMENTS_LIMIT);
  return found.map(({ at, ...parameter }) =>
    written === undefined || at === null ? parameter : asWritten(parameter, written(source, at)),
  );
}

/** A parameter, and where its name stands in the source of its function if that is known. */
type Found = Parameter & { readonly at: number | null };

/** `rests` begin with the name; where the source map leads astray they begin with something else. */
function asWritten(parameter: Parameter, rests: readonly string[]): Parameter {
  const names = rests
    .map((rest) => /^([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*(\??)/u.exec(rest))
    .filter((match) => match !== null)
    .filter(([, name = ""]) => parameter.name.startsWith(name) && /^\d*$/.test(parameter.name.slice(name.length)));
  const isOptional = parameter.isOptional || names.some(([, , mark]) => mark === "?");
  return { ...parameter, name: names[0]?.[1] ?? parameter.name, isOptional };
}

function unnamed(count: number): Found[] {
  return Array.from({ length: count }, (_, index) => required(nameAt(index), null));
}

const nameAt = (index: number): string => `arg${index + 1}`;
const required = (name: string, at: number | null): Found => ({ name, isOptional: false, isRest: false, at });

function readParameters(source: string): Found[] {
  const single = /^(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u.exec(withoutComments(source));
  if (single?.[1] !== undefined) return [required(single[1], null)];
  const start = listStart(source);
  const end = closing(source, start);
  const outer = readList(source.slice(start + 1, end), start + 1);
  const body = source.slice(end + 1);
  const inner = compiledParameters(body, end + 1);
  return inner.length > 0 ? inner : outer.map((parameter) => withCompiledDefault(parameter, body));
}

/** Where the list of parameters opens: behind `async function* name`, or behind the name of a method, which may be computed. */
function listStart(source: string): number {
  let index = 0;
  while (index < source.length && source[index] !== "(") index = skip(source, index, "");
  return index;
}

/** `offset` is where the list stands in the source of its function. */
function readList(list: string, offset: number): Found[] {
  let from = offset;
  const parts = splitAt(list, ",").map((part) => {
    const at = from;
    from += part.length + 1;
    return { text: part, bare: withoutComments(part).trim(), at };
  });
  if (parts.at(-1)?.bare === "") parts.pop();
  return parts.map(({ text, bare, at }, index) => {
    const isRest = bare.startsWith("...");
    const [target = "", ...defaults] = splitAt(isRest ? bare.slice(3) : bare, "=");
    const name = target.trim();
    const isOptional = defaults.length > 0 || isRest;
    const isName = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name);
    if (!isName) return { name: nameAt(index), isOptional, isRest, at: null };
    return { name: name.slice(0, 200), isOptional, isRest, at: at + text.indexOf(name) };
  });
}

/** TypeScript, compiling `async` away, moves a list with defaults into the generator that it hands to its `__awaiter`. */
function compiledParameters(body: string, offset: number): Found[] {
  const call = /^\s*(?:=>)?\s*\{?\s*(?:return\s+)?\w*__awaiter\(/.exec(body);
  const generator = /function\s*\*\s*\w*\s*\(/g;
  generator.lastIndex = call?.[0].length ?? 0;
  const found = call === null ? null : generator.exec(body);
  if (found === null) return [];
  const start = found.index + found[0].length - 1;
  return readList(body.slice(start + 1, closing(body, start)), offset + start + 1);
}

/** Before ES2015 a default was `if (b === void 0) { b = 1; }` at the head of the body. */
function withCompiledDefault(parameter: Found, body: string): Found {
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
