import { type Duration, parseDuration } from "../base/duration.ts";
import type { Outcome } from "../protocol/outcome.ts";
import { hide } from "../protocol/value-format/error-classes.ts";
import type { Reference, Value } from "../protocol/values.ts";
import { type CallSite, captureCallSite, joinStacks, raisedAt } from "./call-site.ts";
import { currentRuntime, requireRuntime } from "./context.ts";
import { failedExecution } from "./errors.ts";
import { errorOf } from "./outcome.ts";
import type { BlobTransfer, ExecutionRuntime } from "./runtime.ts";
import { type Awaitable, type HandleState, decodeTransferred, encodeAll, handleSymbol, inOrder } from "./transfer.ts";

/**
 * A handle on a call that was submitted. It is not thenable: it can be passed as an argument, returned, and stored anywhere inside a value;
 * who receives it gets a live handle.
 */
export interface Execution<T> {
  /** `<run>:<number>:<attempt>`, once the server has it. Rejects when the call was refused. */
  readonly id: Promise<string>;
  /** Waits for the end, retries included. Rejects with an ExecutionError of what it failed with. */
  result(): Promise<T>;
  /** Waits at most `timeout` (default: not at all). Rejects like `result()`. */
  poll(options?: PollOptions): Promise<Polled<T>>;
  /** Cancels it with everything it called; resolves when that is recorded. Changes nothing when it has ended. */
  cancel(): Promise<void>;
}

export interface PollOptions {
  readonly timeout?: Duration | undefined;
}

export type Polled<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly value?: undefined };

/** T is what the target returns, vouched for by whoever makes the handle. */
export class ExecutionHandle<T> implements Execution<T> {
  declare readonly [handleSymbol]: HandleState;

  constructor(id: Promise<string> | string, target: string) {
    const state: HandleState =
      typeof id === "string" ? { id: Promise.resolve(id), knownId: id, target } : { id, knownId: undefined, target };
    Object.defineProperty(this, handleSymbol, { value: state });
    // Also keeps a refused call that nobody looks at from ending the process.
    if (state.knownId === undefined) state.id.then((known) => (state.knownId = known), ignore);
  }

  get id(): Promise<string> {
    return this[handleSymbol].id;
  }

  result(): Promise<T> {
    return handedOut(resultOf<T>(this[handleSymbol], captureCallSite()));
  }

  poll({ timeout = "0s" }: PollOptions = {}): Promise<Polled<T>> {
    return handedOut(poll<T>(this[handleSymbol], timeout, captureCallSite()));
  }

  cancel(): Promise<void> {
    return cancel([this]);
  }
}

/** Cancels executions, all in one step, with everything they called. Those that have ended stay as they are. */
export async function cancel(executions: readonly Execution<unknown>[]): Promise<void> {
  const runtime = requireRuntime("cancel()");
  const site = captureCallSite();
  const ids = await Promise.all(executions.map(({ id }) => id));
  await orRaiseAt(runtime.cancel(ids), site, runtime);
}

/** Makes a live handle of a reference inside a value. */
function liveReference(reference: Reference): unknown {
  // Assets are not there yet; a value that names one was made by a later version, and decoding says so.
  return reference.kind === "execution" ? new ExecutionHandle(reference.id, reference.target) : undefined;
}

/** Decodes the arguments of an execution. For the executor. */
export function decodeArguments(values: readonly Value[], blobs: BlobTransfer): Awaitable<readonly unknown[]> {
  return inOrder(values.map((value, index) => decodeTransferred(value, `args[${index}]`, blobs, liveReference)));
}

/** Encodes what an execution returned. For the executor. Throws or rejects with a SerializationError. */
export async function encodeResult(value: unknown, blobs: BlobTransfer): Promise<Value> {
  const [encoded] = await encodeAll([value], () => "result", blobs);
  if (encoded === undefined) throw new Error("one value was encoded, none came back");
  return encoded;
}

/** The promise as it is, but nobody has to wait for it: a rejection that nobody sees does not end the process. */
export function handedOut<T>(promise: Promise<T>): Promise<T> {
  const runtime = currentRuntime();
  if (runtime === undefined) promise.catch(ignore);
  else runtime.handOut(promise);
  return promise;
}

/** What the runtime answers; what it refuses is raised where user code asked for it. */
export async function orRaiseAt<T>(answer: Promise<T>, site: CallSite, runtime: ExecutionRuntime): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw raisedAt(error, site, runtime);
  }
}

async function resultOf<T>(state: HandleState, site: CallSite): Promise<T> {
  const runtime = requireRuntime("result()");
  const id = state.knownId ?? (await state.id);
  const outcome = await orRaiseAt(runtime.result(id), site, runtime);
  return valueOf<T>({ id, target: state.target, outcome, site }, runtime);
}

async function poll<T>(state: HandleState, timeout: Duration, site: CallSite): Promise<Polled<T>> {
  const runtime = requireRuntime("poll()");
  const duration = parseDuration(timeout);
  if (!duration.ok) throw new TypeError(`the timeout of poll(): ${duration.error}`);
  const id = state.knownId ?? (await state.id);
  const outcome = await orRaiseAt(runtime.poll(id, duration.value), site, runtime);
  if (outcome === null) return { done: false };
  return { done: true, value: await valueOf<T>({ id, target: state.target, outcome, site }, runtime) };
}

interface Answer {
  readonly id: string;
  readonly target: string;
  readonly outcome: Outcome;
  readonly site: CallSite;
}

/** What the end of an execution gives to who waited for it; throws what it failed with. */
export function valueOf<T>({ id, target, outcome, site }: Answer, runtime: ExecutionRuntime): Awaitable<T> {
  if (outcome.kind === "succeeded") {
    const value = decodeTransferred(outcome.value, `result of ${target}`, runtime.blobs, liveReference);
    return value as Awaitable<T>; // The types of the target vouch for it.
  }
  const error = errorOf(outcome, failedExecution(id, target), liveReference);
  // What was not thrown by user code has no stack of its own to show.
  const remote = outcome.kind === "failed" ? outcome.error.stack : `${error.name}: ${error.message}`;
  hide(error, "stack", joinStacks(remote, runtime.context, site));
  throw error;
}

function ignore(): void {}
