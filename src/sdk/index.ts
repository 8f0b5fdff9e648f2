// What user code imports as "coflux".

export { type Target, type TargetFunction, type Task, type Workflow, task, workflow } from "./define.ts";
export type { CallOptions, DefinitionOptions, Retries } from "./options.ts";
export { type Execution, type PollOptions, type Polled, cancel } from "./execution.ts";
export { context } from "./context.ts";
export type { ExecutionContext, LogLevel } from "./runtime.ts";
export { type LogValues, log } from "./log.ts";
export type { Duration, DurationParts } from "../base/duration.ts";
export {
  ExecutionAbandoned,
  ExecutionCancelled,
  ExecutionError,
  ExecutionTimeout,
  type FailedExecution,
  InputDismissed,
  NonRetryableError,
  NotInRunError,
  RequestRefused,
  RetryAfterError,
  SerializationError,
  UnknownTargetError,
  ValidationError,
  WaitTimeout,
} from "./errors.ts";
export { type Class, type Codec, codecSymbol as codec, registerCodec } from "../protocol/value-format/codecs.ts";
export { registerErrorClass } from "../protocol/value-format/error-classes.ts";
export { OpaqueValue } from "../protocol/value-format/opaque-value.ts";
