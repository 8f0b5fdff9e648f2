import { processWide } from "../protocol/value-format/process-wide.ts";
import type { TargetDeclaration } from "./target.ts";

/** Whoever loads repositories looks for targets that none of them exports; also for those of another copy of this package. */
const collector = processWide("definitions", 2, (): { collected: TargetDeclaration[] | null } => ({ collected: null }));

/** Collects the targets that are defined from now on; calling the result ends that and gives them. For the executor. */
export function collectDefinitions(): () => readonly TargetDeclaration[] {
  const collected: TargetDeclaration[] = [];
  collector.collected = collected;
  return () => {
    collector.collected = null;
    return collected;
  };
}

export function noteDefinition(declaration: TargetDeclaration): void {
  collector.collected?.push(declaration);
}
