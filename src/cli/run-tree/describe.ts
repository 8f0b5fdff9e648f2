import type { Ms } from "../../base/clock.ts";
import { exhaustive } from "../../base/exhaustive.ts";
import { formatDuration } from "../../base/duration.ts";
import { parseExecutionId } from "../../protocol/ids.ts";
import type { ErrorView, ExecutionView, ResultView, StepView } from "../../protocol/views.ts";
import { type WaitReason, describeWaitReason } from "../../protocol/wait-reason.ts";
import { plainLine } from "../output/text-width.ts";
import { formatUntil } from "../output/time.ts";

// What stands beside a step: how long it took, and why it is where it is.

/** `TypeError: bad row`, on one line. */
export function describeError(error: Pick<ErrorView, "type" | "message">): string {
  return plainLine(error.message === "" ? error.type : `${error.type}: ${error.message}`);
}

/** How an execution ended, other than by its value; empty for a value. */
export function describeResult(result: ResultView): string {
  const details = detailsOfResult(result);
  switch (result.status) {
    case "succeeded":
    case "failed":
    case "spawned":
      return details;
    case "abandoned":
      return `abandoned: ${details}`;
    case "timed_out":
      return "timed out";
    case "cancelled":
      return "cancelled";
    default:
      return exhaustive(result);
  }
}

/** What the status alone does not say: the error, the reason, the run that it has become; often nothing. */
export function detailsOfResult(result: ResultView): string {
  switch (result.status) {
    case "failed":
      return describeError(result.error);
    case "abandoned":
      return plainLine(result.reason);
    case "spawned":
      return `run ${parseExecutionId(result.execution)?.run ?? result.execution}`;
    case "succeeded":
    case "timed_out":
    case "cancelled":
      return "";
    default:
      return exhaustive(result);
  }
}

/** How long an attempt, or the run that it has become, has been running; or waiting if it is not running yet; empty when nothing is known. */
export function describeTime(execution: ExecutionView, now: Ms): string {
  const { createdAt, assignedAt, completedAt, result } = execution;
  if (result?.status === "spawned") {
    return formatDuration(Math.max(0, (result.run.completedAt ?? now) - (completedAt ?? createdAt)));
  }
  if (assignedAt !== null) return formatDuration(Math.max(0, (completedAt ?? now) - assignedAt));
  return completedAt === null ? `waiting ${formatDuration(Math.max(0, now - createdAt))}` : "";
}

/** Why something waits. */
export function describeWaiting(reason: WaitReason, now: Ms): string {
  return describeWaitReason(reason, (at) => formatUntil(at, now));
}

/** All that is to be said of an attempt, most important first. How it ended may stand beside what it called. */
export function describeExecution(step: StepView, execution: ExecutionView, now: Ms, isExplained = false): string[] {
  const notes: string[] = [];
  if (execution.attempt > 1) notes.push(`attempt ${execution.attempt}`);
  if (execution.status === "cached") notes.push("cached");
  if (execution.result && !isExplained) notes.push(describeResult(execution.result));
  // That an execution waits for those it called shows in the tree itself.
  if (execution.reason && execution.reason.code !== "waiting_for") {
    notes.push(describeWaiting(execution.reason, now));
  }
  const before = execution.result === null ? step.executions.at(-2)?.result : undefined;
  if (before && before.status !== "succeeded") notes.push(`before: ${describeResult(before)}`);
  return notes.filter((note) => note !== "");
}
