import type { ExecutionView, RunView, StepView } from "../../../src/protocol/views.ts";

// Runs as the API shows them, made by hand.

export const startedAt = Date.UTC(2026, 10, 1, 10, 0, 0);

function execution(id: string, more: Partial<ExecutionView> = {}): ExecutionView {
  return {
    id,
    attempt: Number(id.split(":")[2]),
    status: "succeeded",
    createdAt: startedAt,
    executeAfter: null,
    assignedAt: startedAt,
    completedAt: startedAt + 300,
    sessionId: "Sbcdfghjklmnp",
    result: { status: "succeeded", value: null },
    children: [],
    dependencies: [],
    reason: null,
    ignored: [],
    ...more,
  };
}

/** A step of the run `Rbcdfghj`; its parent is a step number (its first attempt) or null. */
export function step(
  number: number,
  name: string,
  parent: number | null,
  executions: readonly Partial<ExecutionView>[] = [{}],
  values: readonly unknown[] = [],
): StepView {
  return {
    id: `Rbcdfghj:${number}`,
    target: name.includes("/") ? name : `flows/${name}`,
    type: parent === null ? "workflow" : "task",
    parentId: parent === null ? null : `Rbcdfghj:${parent}:1`,
    createdAt: startedAt,
    arguments: values,
    executions: executions.map((more, index) => execution(`Rbcdfghj:${number}:${index + 1}`, more)),
  };
}

export function run(steps: readonly StepView[], more: Partial<RunView> = {}): RunView {
  return {
    id: "Rbcdfghj",
    target: "flows/greet",
    status: "running",
    createdAt: startedAt,
    completedAt: null,
    parent: null,
    idempotencyKey: null,
    steps,
    ...more,
  };
}

export const running: Partial<ExecutionView> = { status: "assigned", completedAt: null, result: null };
export const queued: Partial<ExecutionView> = {
  status: "queued",
  assignedAt: null,
  completedAt: null,
  sessionId: null,
  result: null,
};

export function failed(message: string, type = "TypeError"): Partial<ExecutionView> {
  return { status: "failed", result: { status: "failed", error: { type, message, stack: "", frames: [] } } };
}

/** A tree of `count` steps below the root, each the child of the root. */
export function wide(count: number, one: (index: number) => Partial<ExecutionView>): RunView {
  const children = Array.from({ length: count }, (_, index) => step(index + 2, "report", 1, [one(index)]));
  return run([step(1, "greet", null, [running]), ...children]);
}
