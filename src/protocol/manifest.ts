import { REPOSITORY_NAME_LIMIT } from "./names.ts";
import { ARGUMENTS_LIMIT, PRIORITY_LIMIT, RETRIES_LIMIT, TARGETS_LIMIT, TEXT_LIMIT } from "./limits.ts";
import { type Field, type Of, flag, integer, list, nullable, object, oneOf, text } from "./shape.ts";
import { DURATION_LIMIT_MS } from "../base/duration.ts";

const durationMs = integer(0, DURATION_LIMIT_MS);

/**
 * When an execution that failed, was abandoned or timed out is tried again. `limit` counts retries, not attempts; `null` is without end.
 * The k-th retry of a limit L waits `backoffMinMs + (k - 1) / max(L - 1, 1) × (backoffMaxMs - backoffMinMs)`; without a limit the wait is
 * uniformly random between the two.
 */
export type RetryPolicy = Of<typeof retryPolicyField>;
const retryPolicyField = object({
  limit: nullable(integer(0, RETRIES_LIMIT)),
  backoffMinMs: durationMs,
  backoffMaxMs: durationMs,
});

/** What a target's author (in the manifest) or a caller (`target.with(…)`, a request) asks for. `null` leaves it to the manifest, then the default. */
export type TargetOptions = Of<typeof targetOptionsField>;
export const targetOptionsField = object({
  /** Default: no retries. */
  retries: nullable(retryPolicyField),
  /** Counted from the start of the function. Default: none. */
  timeoutMs: nullable(integer(1, DURATION_LIMIT_MS)),
  /** From the call until the execution is due. Default: 0. */
  delayMs: nullable(durationMs),
  /** Larger goes first. Default: 0. */
  priority: nullable(integer(-PRIORITY_LIMIT, PRIORITY_LIMIT)),
  /** `process`: a fresh process for each execution. Default: `shared`. */
  isolation: nullable(oneOf("shared", "process")),
});

export const noOptions: TargetOptions = {
  retries: null,
  timeoutMs: null,
  delayMs: null,
  priority: null,
  isolation: null,
};

export type TargetType = Of<typeof targetTypeField>;
export const targetTypeField = oneOf("workflow", "task", "sensor");

export type Parameter = Of<typeof parameterField>;
const parameterField = object({ name: text(200), isOptional: flag, isRest: flag });

/** What an agent says about one exported target. */
export type TargetDefinition = Of<typeof targetDefinitionField>;
export const targetDefinitionField = object({
  name: text(100),
  type: targetTypeField,
  description: nullable(text(TEXT_LIMIT)),
  parameters: list(parameterField, ARGUMENTS_LIMIT),
  options: targetOptionsField,
});

/** What an agent says about one repository it hosts; `version` is the hash of the built code. */
export type Manifest = Of<typeof manifestField>;
export const manifestField: Field<{
  readonly name: string;
  readonly version: string;
  readonly targets: readonly TargetDefinition[];
}> = object({
  name: text(REPOSITORY_NAME_LIMIT),
  version: text(64),
  targets: list(targetDefinitionField, TARGETS_LIMIT),
});
