import { hide } from "../protocol/value-format/error-classes.ts";
import type { ExecutionContext, ExecutionRuntime } from "./runtime.ts";

/** Where a call was made: kept as V8 keeps it, and only turned into text when an error needs it. */
export interface CallSite {
  readonly stack?: string;
}

/** Remembers the frames above its caller, a function that user code called. Those of ours among them are dropped where executors make text of it. */
export function captureCallSite(): CallSite {
  const site: CallSite = {};
  Error.captureStackTrace(site, captureCallSite);
  return site;
}

/**
 * An error that something of ours raised, with the frames of the user code it was raised for: its own are ours, and often of another turn.
 * The reason of an abort stays as it is: everything that waited shares it.
 */
export function raisedAt(thrown: unknown, site: CallSite, { context }: ExecutionRuntime): unknown {
  if (!(thrown instanceof Error) || thrown === context.signal.reason) return thrown;
  hide(thrown, "stack", [`${thrown.name}: ${thrown.message}`, ...framesOf(site)].join("\n"));
  return thrown;
}

/** The stack of an error that came over from another execution, continued by the frames of the call. */
export function joinStacks(
  remote: string,
  { target, runId, stepId, attempt }: ExecutionContext,
  site: CallSite,
): string {
  const step = stepId.slice(stepId.lastIndexOf(":") + 1);
  const border = `--- called from ${target}, run ${runId} step ${step} attempt ${attempt} ---`;
  return [remote, border, ...framesOf(site)].join("\n");
}

function framesOf(site: CallSite): string[] {
  return (site.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
}
