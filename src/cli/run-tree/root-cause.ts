import { exhaustive } from "../../base/exhaustive.ts";
import type { ErrorView, ExecutionView, ResultView, RunView, StepView } from "../../protocol/views.ts";
import { parseExecutionId } from "../../protocol/ids.ts";
import { latestExecution, shownState } from "./state.ts";

export interface RootCause {
  readonly step: StepView;
  readonly execution: ExecutionView;
  readonly result: ResultView;
  /** The run that this execution called and that did not succeed: why stands there. */
  readonly calledRun?: string | undefined;
}

/**
 * The execution in which a run that did not succeed went wrong: from the root down as long as a call explains the failure of its caller; of
 * several the one that ended first.
 */
export function findRootCause(run: RunView): RootCause | undefined {
  const root = run.steps.find(({ parentId }) => parentId === null);
  let cause = root && causeIn(root);
  for (let deeper = cause; deeper;) {
    cause = deeper;
    deeper = explanationOf(deeper, run.steps);
  }
  return cause && { ...cause, calledRun: failedRunOf(cause.execution, run.steps) };
}

/** Of several runs the one that ended first. */
function failedRunOf(caller: ExecutionView, steps: readonly StepView[]): string | undefined {
  const [first] = steps
    .filter(({ parentId }) => parentId === caller.id)
    .map((step) => latestExecution(step))
    .filter((execution) => execution?.status === "spawned" && shownState(execution) === "failed")
    .map((execution) => execution?.result)
    .filter((result) => result?.status === "spawned")
    .toSorted((a, b) => (a.run.completedAt ?? 0) - (b.run.completedAt ?? 0));
  return first && parseExecutionId(first.execution)?.run;
}

function causeIn(step: StepView): RootCause | undefined {
  const execution = latestExecution(step);
  const result = execution?.result;
  return execution && result && isBad(result) ? { step, execution, result } : undefined;
}

function isBad({ status }: ResultView): boolean {
  return status === "failed" || status === "abandoned" || status === "timed_out";
}

function explanationOf({ execution, result }: RootCause, steps: readonly StepView[]): RootCause | undefined {
  return steps
    .filter(({ parentId }) => parentId === execution.id)
    .map(causeIn)
    .filter((cause) => cause !== undefined && explains(cause.result, result))
    .toSorted((a, b) => (a?.execution.completedAt ?? 0) - (b?.execution.completedAt ?? 0))[0];
}

/** Whether the caller failed with what its call ended with: the same words, in its error or below it. */
export function explains(call: ResultView, caller: ResultView): boolean {
  if (caller.status !== "failed") return false;
  const errors = errorsIn(caller.error);
  switch (call.status) {
    case "failed":
      return errors.some(({ message }) => message === call.error.message);
    case "abandoned":
      return errors.some(({ type }) => type === "ExecutionAbandoned");
    case "timed_out":
      return errors.some(({ type }) => type === "ExecutionTimeout");
    case "succeeded":
    case "cancelled":
    case "spawned":
      return false;
    default:
      return exhaustive(call);
  }
}

function errorsIn(error: ErrorView): ErrorView[] {
  return [error, ...(error.cause ? errorsIn(error.cause) : []), ...(error.errors ?? []).flatMap(errorsIn)];
}
