import type { TargetOptions } from "../protocol/manifest.ts";
import type { Value } from "../protocol/values.ts";
import { type CallSite, raisedAt } from "./call-site.ts";
import { requireRuntime } from "./context.ts";
import { UnknownTargetError } from "./errors.ts";
import { type Execution, ExecutionHandle, handedOut, orRaiseAt, valueOf } from "./execution.ts";
import type { ExecutionRuntime, SubmitRequest } from "./runtime.ts";
import { type TargetDeclaration, describeTarget } from "./target.ts";
import { type Awaitable, encodeAll } from "./transfer.ts";

/** A target with what `with(…)` said about it, or null. */
interface Callee {
  readonly declaration: TargetDeclaration;
  readonly options: TargetOptions | null;
}

/** Calls a target and waits for its result: one message each way. */
export function callTarget<T>(callee: Callee, parameters: readonly unknown[], site: CallSite): Promise<T> {
  return handedOut(call<T>(callee, parameters, site));
}

async function call<T>(callee: Callee, parameters: readonly unknown[], site: CallSite): Promise<T> {
  const runtime = requireRuntime(`calling ${describeTarget(callee.declaration)}`);
  const { target, request } = requestFor(callee, parameters, site, runtime);
  const asked = request instanceof Promise ? request.then((ready) => runtime.call(ready)) : runtime.call(request);
  const { execution, outcome } = await orRaiseAt(asked, site, runtime);
  return valueOf<T>({ id: execution, target, outcome, site }, runtime);
}

/** Submits a call and returns at once. What is wrong with the call itself (its arguments, where it is made) is thrown. */
export function submitTarget<T>(callee: Callee, parameters: readonly unknown[], site: CallSite): Execution<T> {
  const runtime = requireRuntime(`submitting ${describeTarget(callee.declaration)}`);
  const { target, request } = requestFor(callee, parameters, site, runtime);
  const id = request instanceof Promise ? request.then((ready) => runtime.submit(ready)) : runtime.submit(request);
  return new ExecutionHandle<T>(orRaiseAt(id, site, runtime), target);
}

/** What a call sends; a promise of it while large arguments are uploaded. */
function requestFor(
  { declaration, options }: Callee,
  parameters: readonly unknown[],
  site: CallSite,
  runtime: ExecutionRuntime,
): { readonly target: string; readonly request: Awaitable<SubmitRequest> } {
  try {
    const target = pathOf(declaration);
    const encoded = encodeAll(parameters, argumentName, runtime.blobs);
    const requestWith = (values: readonly Value[]): SubmitRequest => ({ target, options, arguments: values });
    return { target, request: encoded instanceof Promise ? encoded.then(requestWith) : requestWith(encoded) };
  } catch (error) {
    throw raisedAt(error, site, runtime);
  }
}

function pathOf(declaration: TargetDeclaration): string {
  if (declaration.path !== null) return declaration.path;
  throw new UnknownTargetError(
    `${describeTarget(declaration)} belongs to no hosted repository: export it from a module that is given to the agent`,
  );
}

function argumentName(index: number): string {
  return `args[${index}]`;
}
