import type { TargetOptions } from "../protocol/manifest.ts";
import type { CallSite } from "./call-site.ts";
import { requireRuntime } from "./context.ts";
import { UnknownTargetError } from "./errors.ts";
import { type Execution, ExecutionHandle, handedOut, valueOf } from "./execution.ts";
import { type TargetDeclaration, describeTarget } from "./target.ts";
import { encodeAll } from "./transfer.ts";

/** A target with what `with(…)` said about it, or null. */
interface Callee {
  readonly declaration: TargetDeclaration;
  readonly options: TargetOptions | null;
}

/** Calls a target and waits for its result: one message each way. */
export function callTarget<T>(callee: Callee, parameters: readonly unknown[], site: CallSite): Promise<T> {
  return handedOut(call<T>(callee, parameters, site));
}

async function call<T>({ declaration, options }: Callee, parameters: readonly unknown[], site: CallSite): Promise<T> {
  const runtime = requireRuntime(`calling ${describeTarget(declaration)}`);
  const target = pathOf(declaration);
  const encoded = encodeAll(parameters, argumentName, runtime.blobs);
  const request = { target, options, arguments: encoded instanceof Promise ? await encoded : encoded };
  const { execution, outcome } = await runtime.call(request);
  return valueOf<T>({ id: execution, target, outcome, site }, runtime);
}

/** Submits a call and returns at once. What is wrong with the call itself (its arguments, where it is made) is thrown. */
export function submitTarget<T>({ declaration, options }: Callee, parameters: readonly unknown[]): Execution<T> {
  const runtime = requireRuntime(`submitting ${describeTarget(declaration)}`);
  const target = pathOf(declaration);
  const encoded = encodeAll(parameters, argumentName, runtime.blobs);
  const id =
    encoded instanceof Promise
      ? encoded.then((values) => runtime.submit({ target, options, arguments: values }))
      : runtime.submit({ target, options, arguments: encoded });
  return new ExecutionHandle<T>(id, target);
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
