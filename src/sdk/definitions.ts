import { processWide } from "../protocol/value-format/process-wide.ts";
import { type CallSite, captureCallSite } from "./call-site.ts";
import type { TargetDeclaration } from "./target.ts";

/** A target that was defined, and where. */
export interface Definition {
  readonly declaration: TargetDeclaration;
  readonly site: CallSite;
}

/** Whoever loads repositories looks for targets that none of them exports; also for those of another copy of this package. */
const collector = processWide("definitions", 1, (): { collected: Definition[] | null } => ({ collected: null }));

/** Collects the targets that are defined from now on; calling the result ends that and gives them. For the executor. */
export function collectDefinitions(): () => readonly Definition[] {
  const collected: Definition[] = [];
  collector.collected = collected;
  return () => {
    collector.collected = null;
    return collected;
  };
}

export function noteDefinition(declaration: TargetDeclaration): void {
  collector.collected?.push({ declaration, site: captureCallSite() });
}
