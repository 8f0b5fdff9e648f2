import type { Ms } from "../../base/clock.ts";
import type { ExecutionView, RunView, StepView } from "../../protocol/views.ts";
import { describeWaitReason } from "../../protocol/wait-reason.ts";
import { formatIso, formatUntil } from "../output/time.ts";
import { describeTime, detailsOfResult } from "./describe.ts";

/** What has been said of each execution so far. */
export type SaidStates = Map<string, string>;

/**
 * Progress without a terminal: one line for each execution whose state is another than was said before. `said` is brought up to date.
 *
 *     2026-11-23T10:00:00.000Z RbcdfghZ:2:1 flows/add running
 */
export function describeChanges(run: RunView, said: SaidStates, now: Ms): string[] {
  const lines: string[] = [];
  for (const step of run.steps) {
    for (const execution of step.executions) {
      const state = stateOf(execution, now);
      if (said.get(execution.id) === state.key) continue;
      said.set(execution.id, state.key);
      lines.push(lineOf(step, execution, state.text, now));
    }
  }
  return lines;
}

interface SaidState {
  /** Equal for states that are not worth two lines. */
  readonly key: string;
  readonly text: string;
}

function stateOf(execution: ExecutionView, now: Ms): SaidState {
  const { status, reason, result } = execution;
  if (status === "assigned") return { key: status, text: "running" };
  if (status === "queued") {
    const text = reason ? `queued: ${describeWaitReason(reason, (at) => formatUntil(at, now))}` : status;
    return { key: `${status} ${reason?.code ?? ""}`, text };
  }
  const how = result ? detailsOfResult(result) : "";
  const time = describeTime(execution, now);
  return {
    key: status,
    text: `${status.replace("_", " ")}${time === "" ? "" : ` in ${time}`}${how === "" ? "" : `: ${how}`}`,
  };
}

function lineOf(step: StepView, execution: ExecutionView, text: string, now: Ms): string {
  const at = execution.completedAt ?? execution.assignedAt ?? now;
  return `${formatIso(at)} ${execution.id} ${step.target} ${text}`;
}
