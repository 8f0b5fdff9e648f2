import {
  type ArrowFunctionExpression,
  type Expression,
  type FunctionExpression,
  type Pattern,
  type Statement,
  parseExpressionAt,
} from "acorn";
import { ARGUMENTS_LIMIT } from "../protocol/limits.ts";
import type { Parameter } from "../protocol/manifest.ts";
import type { WrittenPiece, WrittenPlace } from "./bundle-sources.ts";

// Reads the parameters of a function from its source, as people wrote it or as a compiler left it.

/**
 * The parameters that a function declares. One that is taken apart (`{ a, b }`) is called by its position. The build leaves out TypeScript's
 * `name?`, and may call `name` `name2`; `written` finds what their author wrote. JavaScript has no mark for what may be left out, so only
 * what can be seen to stand in TypeScript without one is required.
 */
export function parametersOf(
  fn: (...parameters: never[]) => unknown,
  written: (source: string) => WrittenPiece,
): Parameter[] {
  const source = Function.prototype.toString.call(fn);
  const found = readParameters(source) ?? Array.from({ length: fn.length }, (_, index) => byPosition(index, null));
  const placesOf = written(source);
  return found
    .slice(0, ARGUMENTS_LIMIT)
    .map(({ at, ...parameter }) => asWritten(parameter, at === null ? [] : placesOf(at)));
}

/** A parameter, and where it stands in the source of its function if that is known. */
type Found = Parameter & { readonly at: number | null };

function asWritten(parameter: Parameter, places: readonly WrittenPlace[]): Parameter {
  const mayBeRequired = places.length > 0 && places.every(({ file, words }) => isTypeScript(file) && words !== "");
  // Where the source map leads astray, the words begin with something else.
  const names = places
    .map(({ words }) => /^([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*(\??)/u.exec(words))
    .filter((match) => match !== null)
    .filter(([, name = ""]) => parameter.name.startsWith(name) && /^\d*$/.test(parameter.name.slice(name.length)));
  const isOptional = parameter.isOptional || !mayBeRequired || names.some(([, , mark]) => mark === "?");
  return { ...parameter, name: names[0]?.[1] ?? parameter.name, isOptional };
}

const isTypeScript = (file: string): boolean => /\.[cm]?tsx?$/.test(file);

const byPosition = (index: number, at: number | null): Found => ({
  name: `arg${index + 1}`,
  isOptional: false,
  isRest: false,
  at,
});

type FunctionNode = FunctionExpression | ArrowFunctionExpression;

/** Undefined for what cannot be read: functions of Node itself, bound ones, classes. */
function readParameters(source: string): Found[] | undefined {
  const fn = parse(source);
  if (fn !== undefined && isFunction(fn)) return declaredBy(fn);
  const around = "class {";
  const method = methodOf(parse(`${around}${source}}`));
  if (method === undefined) return undefined;
  return declaredBy(method).map((found) => ({ ...found, at: found.at === null ? null : found.at - around.length }));
}

const isFunction = (node: Expression): node is FunctionNode =>
  node.type === "FunctionExpression" || node.type === "ArrowFunctionExpression";

function methodOf(node: Expression | undefined): FunctionNode | undefined {
  const member = node?.type === "ClassExpression" ? node.body.body[0] : undefined;
  return member?.type === "MethodDefinition" ? member.value : undefined;
}

/** What a function may say depends on what it stood in; here it stands alone, so all of that is allowed. */
function parse(source: string): Expression | undefined {
  try {
    return parseExpressionAt(source, 0, {
      ecmaVersion: "latest",
      allowImportExportEverywhere: true,
      allowSuperOutsideMethod: true,
      checkPrivateFields: false,
    });
  } catch {
    return undefined; // `[native code]`, the other form of function, or nested deeper than the parser goes.
  }
}

function declaredBy(fn: FunctionNode): Found[] {
  const statements = fn.body.type === "BlockStatement" ? fn.body.body : [];
  const inner = awaitedBy(fn.body.type === "BlockStatement" ? returnedBy(statements[0]) : fn.body);
  if (inner !== undefined && inner.params.length > 0) return declaredBy(inner);
  const withDefault = new Set(statements.map(nameOfCompiledDefault));
  return fn.params.map((pattern, index) => {
    const found = declaration(pattern, index);
    return withDefault.has(found.name) ? { ...found, isOptional: true } : found;
  });
}

function declaration(pattern: Pattern, index: number): Found {
  switch (pattern.type) {
    case "Identifier":
      return { ...byPosition(index, pattern.start), name: pattern.name.slice(0, 200) };
    case "AssignmentPattern":
      return { ...declaration(pattern.left, index), isOptional: true };
    case "RestElement":
      return { ...declaration(pattern.argument, index), isOptional: true, isRest: true };
    default:
      return byPosition(index, pattern.start);
  }
}

const returnedBy = (statement: Statement | undefined): Expression | undefined =>
  statement?.type === "ReturnStatement" ? (statement.argument ?? undefined) : undefined;

/**
 * The function in `__awaiter(this, …, function* () {…})`: TypeScript, compiling `async` away, moves a list with defaults into it. The helper
 * may come from a package, and the build may have numbered it.
 */
function awaitedBy(node: Expression | undefined): FunctionNode | undefined {
  if (node?.type !== "CallExpression") return undefined;
  const callee = node.callee.type === "SequenceExpression" ? node.callee.expressions.at(-1) : node.callee;
  const named = callee?.type === "MemberExpression" ? callee.property : callee;
  if (named?.type !== "Identifier" || !/__awaiter\d*$/.test(named.name)) return undefined;
  const last = node.arguments.at(-1);
  return last !== undefined && last.type !== "SpreadElement" && isFunction(last) ? last : undefined;
}

/** Before ES2015 a default was `if (b === void 0) { b = 1; }`. */
function nameOfCompiledDefault(statement: Statement): string | undefined {
  if (statement.type !== "IfStatement" || statement.test.type !== "BinaryExpression") return undefined;
  const { left, operator, right } = statement.test;
  const isAbsence = operator === "===" && right.type === "UnaryExpression" && right.operator === "void";
  if (!isAbsence || left.type !== "Identifier") return undefined;
  const [only] = statement.consequent.type === "BlockStatement" ? statement.consequent.body : [];
  if (only?.type !== "ExpressionStatement" || only.expression.type !== "AssignmentExpression") return undefined;
  const { left: assigned } = only.expression;
  return assigned.type === "Identifier" && assigned.name === left.name ? left.name : undefined;
}
