import { exhaustive } from "../../base/exhaustive.ts";
import type { ExecutionView, RunStatus, RunView, StepView } from "../../protocol/views.ts";

/** What a person sees of an execution. */
export type ShownState =
  | "queued"
  | "running"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "suspended"
  | "deferred"
  | "recurred";

export function shownState(execution: ExecutionView): ShownState {
  switch (execution.status) {
    case "queued":
      return "queued";
    case "assigned":
      return "running";
    case "succeeded":
    case "cached":
      return "succeeded";
    case "failed":
    case "abandoned":
    case "timed_out":
      return "failed";
    case "cancelled":
    case "suspended":
    case "deferred":
    case "recurred":
      return execution.status;
    case "spawned":
      return execution.result?.status === "spawned" ? stateOfRun(execution.result.run.status) : "running";
    default:
      return exhaustive(execution.status);
  }
}

/** A call that has become a run of its own is where that run is. */
function stateOfRun(status: RunStatus): ShownState {
  switch (status) {
    case "queued":
    case "running":
      return "running";
    case "succeeded":
    case "cancelled":
      return status;
    case "failed":
    case "abandoned":
    case "timed_out":
      return "failed";
    default:
      return exhaustive(status);
  }
}

export const finishedUrgency = 3;

/** What deserves a line first when there are not enough: a smaller number. */
export function urgencyOf(state: ShownState): number {
  switch (state) {
    case "failed":
      return 0;
    case "running":
      return 1;
    case "queued":
    case "suspended":
      return 2;
    case "succeeded":
    case "cancelled":
    case "deferred":
    case "recurred":
      return finishedUrgency;
    default:
      return exhaustive(state);
  }
}

/** The attempt that counts. A step always has one. */
export function latestExecution(step: StepView): ExecutionView | undefined {
  return step.executions.at(-1);
}

export const countedStates = ["done", "failed", "cancelled", "running", "waiting"] as const;
export type CountedState = (typeof countedStates)[number];

export type StepCounts = Readonly<Record<"steps" | CountedState, number>>;

/** To begin counting with. */
export const noSteps: Readonly<Record<CountedState, number>> = {
  done: 0,
  failed: 0,
  cancelled: 0,
  running: 0,
  waiting: 0,
};

/** How many steps of a run are in which state. */
export function countSteps(run: RunView): StepCounts {
  const counts = { steps: run.steps.length, ...noSteps };
  for (const step of run.steps) {
    const execution = latestExecution(step);
    if (execution) counts[countedAs(shownState(execution))] += 1;
  }
  return counts;
}

export function countedAs(state: ShownState): CountedState {
  if (state === "cancelled") return state;
  switch (urgencyOf(state)) {
    case 0:
      return "failed";
    case 1:
      return "running";
    case 2:
      return "waiting";
    default:
      return "done";
  }
}
