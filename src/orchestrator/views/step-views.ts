import { grouped } from "../../base/grouped.ts";
import { type RunId, executionIdOf, stepIdOf } from "../../protocol/ids.ts";
import { type ExecutionView, type ResultView, type RunStatus, type StepView } from "../../protocol/views.ts";
import { unpackArguments, unpackOutcome } from "../store/value-columns.ts";
import type { WaitReason } from "../../protocol/wait-reason.ts";
import type { WaitingRow } from "../store/wait-facts.ts";
import { executionStatusFrom, runStatusFrom } from "../store/statuses.ts";
import { targetTypeOf } from "../store/targets.ts";
import type { AttemptRow, DependencyRow, IgnoredRow, RunPage, StepRow } from "./run-rows.ts";
import { omittedResult, omittedValue, showOutcome, showValue } from "./shown-values.ts";
import type { ViewBudget } from "./view-budget.ts";

export interface StepViewsParts {
  readonly runId: RunId;
  readonly budget: ViewBudget;
  readonly reasonFor: (row: WaitingRow) => WaitReason | null;
  /** Numbers of the steps that an execution (by row) called, in the order of the calls. */
  readonly calls: ReadonlyMap<number, readonly number[]>;
}

/** Shows the steps of a run, page by page in their order: a caller's page comes before those of what it called, or is the same. */
export class StepViews {
  readonly #parts: StepViewsParts;
  /** Ids of the executions that called others, by row. */
  readonly #callers = new Map<number, string>();

  constructor(parts: StepViewsParts) {
    this.#parts = parts;
  }

  show(page: RunPage): StepView[] {
    const attempts = byKey(page.attempts, ({ number }) => number);
    const dependencies = byKey(page.dependencies, ({ execution }) => execution);
    const ignored = byKey(page.ignored, ({ execution }) => execution);
    return page.steps.map((step) => {
      const rows = attempts.get(step.number) ?? [];
      const shown = this.#showStep(step, rows[0]?.createdAt ?? 0);
      const executions = rows.map((row) =>
        this.#showAttempt(row, dependencies.get(row.id) ?? [], ignored.get(row.id) ?? []),
      );
      return { ...shown, executions };
    });
  }

  #showStep({ number, path, type, parent, ...row }: StepRow, createdAt: number): Omit<StepView, "executions"> {
    return {
      id: stepIdOf(this.#parts.runId, number),
      target: path,
      type: targetTypeOf(type),
      parentId: parent === null ? null : (this.#callers.get(parent) ?? null),
      createdAt,
      arguments: this.#showArguments(row),
    };
  }

  #showArguments({ arguments: column, characters }: Pick<StepRow, "arguments" | "characters">): readonly unknown[] {
    if (column === null || !this.#parts.budget.takeText(characters)) return [omittedValue(characters)];
    return unpackArguments(column).map(showValue);
  }

  #showAttempt(row: AttemptRow, dependencies: readonly DependencyRow[], ignored: readonly IgnoredRow[]): ExecutionView {
    const { runId, calls, reasonFor } = this.#parts;
    const { id, number, attempt, createdAt, dueAt, assignedAt, completedAt, sessionId, target, path } = row;
    const status = executionStatusFrom(row.status);
    const executionId = executionIdOf(runId, number, attempt);
    const called = calls.get(id);
    if (called !== undefined) this.#callers.set(id, executionId);
    return {
      id: executionId,
      attempt,
      status,
      createdAt,
      executeAfter: dueAt > createdAt ? dueAt : null,
      assignedAt,
      completedAt,
      sessionId,
      result: this.#showResult(row),
      children: called?.map((step) => executionIdOf(runId, step, 1)) ?? [],
      dependencies: dependencies.map(({ awaitedId }) => awaitedId),
      reason: reasonFor({ id, status, attempt, dueAt, target, path }),
      ignored: ignored.map((outcome) => ({ status: executionStatusFrom(outcome.status), at: outcome.at })),
    };
  }

  #showResult(row: AttemptRow): ResultView | null {
    const status = executionStatusFrom(row.status);
    const { successorId, result, characters } = row;
    if (status === "spawned")
      return successorId === null ? null : { status, execution: successorId, run: nextRun(row) };
    const isLeftOut = characters > 0 && (result === null || !this.#parts.budget.takeText(characters));
    if (isLeftOut) return omittedResult(status, characters);
    const outcome = unpackOutcome(status, row);
    return outcome === undefined ? null : showOutcome(outcome, successorId);
  }
}

function nextRun({ nextRunStatus, nextRunCompletedAt }: AttemptRow): { status: RunStatus; completedAt: number | null } {
  const status = nextRunStatus === null ? "queued" : runStatusFrom(nextRunStatus);
  return { status, completedAt: nextRunCompletedAt };
}

function byKey<T>(rows: readonly T[], keyOf: (row: T) => number): Map<number, T[]> {
  return grouped(rows, keyOf, (row) => row);
}
