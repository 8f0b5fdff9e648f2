import { AsyncLocalStorage } from "node:async_hooks";
import { processWide } from "../protocol/value-format/process-wide.ts";
import { NotInRunError } from "./errors.ts";
import type { ExecutionContext, ExecutionRuntime } from "./runtime.ts";

// One storage for the whole process: user code may have loaded a copy of this package that is not the executor's.
const storage = processWide("execution", 1, () => new AsyncLocalStorage<ExecutionRuntime>());

/** Runs a function as (part of) an execution. For the executor. */
export function runInExecution<R>(runtime: ExecutionRuntime, run: () => R): R {
  return storage.run(runtime, run);
}

/** The execution that the calling code belongs to, if it belongs to one. */
export function currentRuntime(): ExecutionRuntime | undefined {
  return storage.getStore();
}

/** Like currentRuntime, but code outside an execution gets a NotInRunError that calls what it did by its name. */
export function requireRuntime(action: string): ExecutionRuntime {
  const runtime = storage.getStore();
  if (runtime === undefined) throw new NotInRunError(action);
  return runtime;
}

/** Tells a function about the execution it runs in. Throws a NotInRunError outside of one. */
export function context(): ExecutionContext {
  return requireRuntime("context()").context;
}
