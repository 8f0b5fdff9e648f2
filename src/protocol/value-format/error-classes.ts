import { processWide } from "./process-wide.ts";

// Errors cross borders by the name of their class. The classes of the language are known everywhere, the others where they were registered:
// the classes that a repository exports, or that a program names.

type ErrorClass = abstract new (...parameters: never[]) => Error;

const builtInClasses: Readonly<Record<string, ErrorClass>> = {
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
};

const registered = processWide("error-classes", 1, () => new Map<string, ErrorClass>());

/** Makes a class of errors known to this process: errors of its name come back as its instances. The constructor is not called for them. */
export function registerErrorClass(target: ErrorClass): void {
  registered.set(target.name, target);
}

export function isErrorClass(candidate: unknown): candidate is ErrorClass {
  return typeof candidate === "function" && candidate.prototype instanceof Error;
}

/** The name by which an error is known: what it calls itself, or the name of its class when it never said. */
export function errorType(error: Error): string {
  const name = String(error.name);
  const className = error.constructor?.name;
  return Object.hasOwn(builtInClasses, name) && typeof className === "string" && className !== "" ? className : name;
}

interface ErrorParts {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
}

/** An error of the class that its type names; where that class is not known, a plain Error that goes by the name. */
export function makeError({ type, message, stack }: ErrorParts): Error {
  const error = new Error(message);
  hide(error, "stack", stack);
  const known = Object.hasOwn(builtInClasses, type) ? builtInClasses[type] : registered.get(type);
  if (known === undefined) hide(error, "name", type);
  else Object.setPrototypeOf(error, known.prototype);
  return error;
}

export function isKnownErrorType(type: string): boolean {
  return Object.hasOwn(builtInClasses, type) || registered.has(type);
}

/** Sets a property that does not show when the error is listed, as the language does for its own. */
export function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, enumerable: false, configurable: true, writable: true });
}

const ownFields = new Set(["name", "message", "stack", "cause", "errors"]);

/** The enumerable properties that an error has beyond those of every error. */
export function extraProperties(error: Error): [string, unknown][] {
  return Object.entries(error).filter(([key]) => !ownFields.has(key));
}

/** Gives an error properties as if its code had assigned them. */
export function addProperties(error: Error, properties: object): void {
  for (const [key, value] of Object.entries(properties)) {
    Object.defineProperty(error, key, { value, enumerable: true, configurable: true, writable: true });
  }
}
