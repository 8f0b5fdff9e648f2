import { type EffectiveOptions, effectiveOptions } from "../rules/target-options.ts";
import { type Result, failure, ok } from "../../base/result.ts";
import { type TargetRow, findParameters, findTarget } from "../store/targets.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import type { TargetOptions } from "../../protocol/manifest.ts";
import type { Transaction } from "../transaction.ts";
import type { Value } from "../../protocol/values.ts";

export interface CallRequest {
  readonly target: string;
  readonly arguments: readonly Value[];
  readonly options: TargetOptions | null;
}

export interface CheckedCall {
  readonly target: TargetRow;
  readonly options: EffectiveOptions;
}

/** Checks a call against what agents have declared: the target is known, and takes as many arguments. Omitted ones keep their defaults. */
export function checkCall(tx: Transaction, call: CallRequest): Result<CheckedCall, Failure> {
  const target = findTarget(tx.db, call.target);
  if (target === undefined || !target.isKnown) {
    const message = `no agent has registered ${call.target} in this environment: start one that hosts it, or correct the name`;
    return failure({ code: "target_not_found", message, details: { target: call.target } });
  }
  const limit = target.argumentsLimit;
  if (limit !== null && call.arguments.length > limit) {
    const message = `${call.target} takes ${limit === 1 ? "1 argument" : `${limit} arguments`}, not ${call.arguments.length}`;
    const pointers = call.arguments.slice(limit).map((_, index) => argumentPointer(limit + index));
    return failure({ code: "invalid_arguments", message, details: { limit, pointers } });
  }
  return ok({ target, options: effectiveOptions(target.options, call.options) });
}

/**
 * Checks that a run from outside has all that its workflow cannot do without: who types a call has no compiler to tell. Only a call with fewer
 * arguments than there are parameters costs a look at them.
 */
export function checkRequired(tx: Transaction, call: CallRequest, { argumentsLimit }: TargetRow): Failure | undefined {
  const given = call.arguments.length;
  if (argumentsLimit !== null && given >= argumentsLimit) return undefined;
  const parameters = findParameters(tx.db, call.target);
  const missing = parameters.slice(given).filter(({ isOptional, isRest }) => !isOptional && !isRest);
  if (missing.length === 0) return undefined;
  const names = missing.map(({ name }) => name);
  const message = `${call.target} needs ${names.join(", ")}: ${given === 1 ? "1 argument was" : `${given} arguments were`} given`;
  const pointers = missing.map((parameter) => argumentPointer(parameters.indexOf(parameter)));
  return { code: "invalid_arguments", message, details: { missing: names, pointers } };
}

/** Where an argument stands in the request, as a JSON pointer (RFC 6901). */
function argumentPointer(index: number): string {
  return `/arguments/${index}`;
}
