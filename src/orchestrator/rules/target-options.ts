import type { Ms } from "../../base/clock.ts";
import type { TargetOptions } from "../../protocol/manifest.ts";

/** The options that hold for a step. */
export interface EffectiveOptions {
  readonly retries: TargetOptions["retries"];
  readonly timeoutMs: Ms | null;
  readonly delayMs: Ms;
  readonly priority: number;
  readonly isolation: "shared" | "process";
}

/** What the caller asks for, else what the manifest says, else the default. */
export function effectiveOptions(manifest: TargetOptions, overrides: TargetOptions | null): EffectiveOptions {
  return {
    retries: overrides?.retries ?? manifest.retries,
    timeoutMs: overrides?.timeoutMs ?? manifest.timeoutMs,
    delayMs: overrides?.delayMs ?? manifest.delayMs ?? 0,
    priority: overrides?.priority ?? manifest.priority ?? 0,
    isolation: overrides?.isolation ?? manifest.isolation ?? "shared",
  };
}
