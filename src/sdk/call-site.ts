import type { ExecutionContext } from "./runtime.ts";

/** Where a call was made: kept as V8 keeps it, and only turned into text when an error needs it. */
export interface CallSite {
  readonly stack?: string;
}

/** Frames below the one where user code called: that of the function it called, and that of `captureCallSite`. */
const OWN_FRAMES = 2;

/** Remembers the frames above its caller, which is the function that user code called. */
export function captureCallSite(): CallSite {
  const site: CallSite = {};
  Error.captureStackTrace(site);
  return site;
}

/** The stack of an error that came over from another execution, continued by the frames of the call. */
export function joinStacks(
  remote: string,
  { target, runId, stepId, attempt }: ExecutionContext,
  site: CallSite,
): string {
  const step = stepId.slice(stepId.lastIndexOf(":") + 1);
  const frames = (site.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
  const border = `--- called from ${target}, run ${runId} step ${step} attempt ${attempt} ---`;
  return [remote, border, ...frames.slice(OWN_FRAMES)].join("\n");
}
