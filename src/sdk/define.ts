import { captureCallSite } from "./call-site.ts";
import { callTarget, submitTarget } from "./call.ts";
import { noteDefinition } from "./definitions.ts";
import type { Execution } from "./execution.ts";
import { type CallOptions, type DefinitionOptions, readCallOptions, readDefinitionOptions } from "./options.ts";
import { type TargetDeclaration, describeTarget, nameOfTarget, targetSymbol } from "./target.ts";

/** A function that can become a target: any, with any parameters. */
export type TargetFunction = (...parameters: never[]) => unknown;

/**
 * A target as other targets use it: called, it submits a call, waits for its end, retries included, and gives its value; it rejects with an
 * ExecutionError. All of this works only inside an execution, except `fn`.
 */
export type Target<F extends TargetFunction> = Generic<F> & Call<F> & TargetMembers<F>;

/** Stands first, so that what it says of parameters and result counts where it says something. */
type Generic<F extends TargetFunction> = [ReturnType<F>, Promise<Awaited<ReturnType<F>>>] extends [
  Promise<unknown>,
  ReturnType<F>,
]
  ? F // It returns a plain promise, and is its own signature: one that is generic or overloaded stays so.
  : unknown;

/** Also where F is not known yet, in a function that is given a target, and its arguments, to call it. */
type Call<F extends TargetFunction> = (...parameters: Parameters<F>) => Promise<Awaited<ReturnType<F>>>;

interface TargetMembers<F extends TargetFunction> {
  /** Submits a call and returns a handle at once. Throws when the call itself is wrong. */
  readonly submit: (...parameters: Parameters<F>) => Execution<Awaited<ReturnType<F>>>;
  /** The same target with other options for the calls made through what is returned. Throws a TypeError for bad options. */
  readonly with: (options: CallOptions) => Target<F>;
  /** The bare function, for unit tests. */
  readonly fn: F;
}

/** A target from which runs are started. */
export type Workflow<F extends TargetFunction> = Target<F> & { readonly type: "workflow" };

/** A target that other targets call. */
export type Task<F extends TargetFunction> = Target<F> & { readonly type: "task" };

/**
 * Defines a workflow. Runs of it are started by clients, the command line and other targets. Its name is its export's.
 * Throws a TypeError for an option that is not one, or has a bad value.
 */
export function workflow<F extends TargetFunction>(fn: F): Workflow<F>;
export function workflow<F extends TargetFunction>(options: DefinitionOptions, fn: F): Workflow<F>;
export function workflow<F extends TargetFunction>(first: DefinitionOptions | F, second?: F): Workflow<F> {
  return Object.assign(define("workflow", first, second), { type: "workflow" } as const);
}

/**
 * Defines a task: a target that workflows and other tasks call, each call a step of the run. Its name is its export's.
 * Throws a TypeError for an option that is not one, or has a bad value.
 */
export function task<F extends TargetFunction>(fn: F): Task<F>;
export function task<F extends TargetFunction>(options: DefinitionOptions, fn: F): Task<F>;
export function task<F extends TargetFunction>(first: DefinitionOptions | F, second?: F): Task<F> {
  return Object.assign(define("task", first, second), { type: "task" } as const);
}

function define<F extends TargetFunction>(
  type: TargetDeclaration["type"],
  first: DefinitionOptions | F,
  second: F | undefined,
): Target<F> {
  if (typeof first === "function" && second !== undefined)
    throw new TypeError(`${type}() takes its options first, then its function: ${type}({ retries: 3 }, async () => …)`);
  const [options, fn] = typeof first === "function" ? [{}, first] : [first, second];
  if (typeof fn !== "function") throw new TypeError(`${type}() needs a function, after its options if it has any`);
  if (isGenerator(fn))
    throw new TypeError(`${type}() needs a function that returns a value or a promise, not a generator`);
  const what = describeTarget({ type, name: options.name ?? null, path: null, fn });
  const site = captureCallSite();
  const declaration: TargetDeclaration = { type, fn, site, path: null, ...readDefinitionOptions(options, what) };
  noteDefinition(declaration);
  return Object.defineProperty(callable(fn, declaration, null), targetSymbol, { value: declaration });
}

/** What it gives is made piece by piece, and could not cross to whoever calls it. */
function isGenerator(fn: TargetFunction): boolean {
  return fn.constructor.name.endsWith("GeneratorFunction");
}

/** Variants made by `with` share the declaration, and so where it is hosted; they are not targets of their own. */
function callable<F extends TargetFunction>(
  fn: F,
  declaration: TargetDeclaration,
  options: CallOptions | null,
): Target<F>;
// Its own signature, because no function can be shown to have that of an F which is not known.
function callable(fn: TargetFunction, declaration: TargetDeclaration, options: CallOptions | null) {
  const wire = options === null ? null : readCallOptions(options, describeTarget(declaration));
  const callee = { declaration, options: wire };
  const target = Object.assign((...parameters: unknown[]) => callTarget(callee, parameters, captureCallSite()), {
    submit: (...parameters: unknown[]) => submitTarget(callee, parameters, captureCallSite()),
    with: (more: CallOptions) => callable(fn, declaration, { ...options, ...more }),
    fn,
  });
  return Object.defineProperty(target, "name", { get: () => nameOfTarget(declaration), configurable: true });
}
