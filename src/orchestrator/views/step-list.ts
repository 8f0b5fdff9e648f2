import { type RunId, executionIdOf, stepIdOf } from "../../protocol/ids.ts";
import type { ExecutionView, ResultView, StepView } from "../../protocol/views.ts";
import { unpackArguments, unpackOutcome } from "../store/value-columns.ts";
import type { WaitReason } from "../../protocol/wait-reason.ts";
import type { WaitingRow } from "../store/wait-facts.ts";
import { statusOf } from "../store/executions.ts";
import { targetTypeOf } from "../store/targets.ts";
import type { AttemptRow, RunPage, StepRow } from "./run-rows.ts";
import { omittedResult, omittedValue, showOutcome, showValue } from "./shown-values.ts";
import type { ViewBudget } from "./view-budget.ts";

/** An execution that later rows add to. */
interface GrowingExecution extends ExecutionView {
  readonly children: string[];
  readonly dependencies: string[];
  readonly ignored: { readonly status: string; readonly at: number }[];
}

interface Call {
  readonly request: number;
  readonly execution: string;
}

/** Puts the steps of a run together from its rows. Pages are added in order: a caller's rows come before those of what it called. */
export class StepList {
  readonly #runId: RunId;
  readonly #budget: ViewBudget;
  readonly #reasonFor: (row: WaitingRow) => WaitReason | null;
  readonly #steps: StepView[] = [];
  readonly #executions = new Map<number, GrowingExecution>();
  readonly #calls = new Map<number, Call[]>();

  constructor(runId: RunId, budget: ViewBudget, reasonFor: (row: WaitingRow) => WaitReason | null) {
    this.#runId = runId;
    this.#budget = budget;
    this.#reasonFor = reasonFor;
  }

  add(page: RunPage): void {
    const attempts = new Map<number, AttemptRow[]>();
    for (const row of page.attempts) {
      const earlier = attempts.get(row.number);
      if (earlier === undefined) attempts.set(row.number, [row]);
      else earlier.push(row);
    }
    for (const row of page.steps) this.#addStep(row, attempts.get(row.number) ?? []);
    for (const row of page.dependencies) this.#executions.get(row.execution)?.dependencies.push(row.awaitedId);
    for (const { execution, status, at } of page.ignored) {
      this.#executions.get(execution)?.ignored.push({ status: statusOf(status), at });
    }
  }

  /** All of them, once every page was added. */
  finish(): readonly StepView[] {
    for (const [caller, calls] of this.#calls) {
      const inOrder = calls.toSorted((a, b) => a.request - b.request);
      this.#executions.get(caller)?.children.push(...inOrder.map(({ execution }) => execution));
    }
    return this.#steps;
  }

  #addStep(row: StepRow, attempts: readonly AttemptRow[]): void {
    const { number, path, type, parent, request } = row;
    if (parent !== null) {
      this.#addCall(parent, { request: request ?? 0, execution: executionIdOf(this.#runId, number, 1) });
    }
    this.#steps.push({
      id: stepIdOf(this.#runId, number),
      target: path,
      type: targetTypeOf(type),
      parentId: parent === null ? null : (this.#executions.get(parent)?.id ?? null),
      createdAt: attempts[0]?.createdAt ?? 0,
      arguments: this.#showArguments(row),
      executions: attempts.map((attempt) => this.#showAttempt(attempt)),
    });
  }

  #addCall(caller: number, call: Call): void {
    const calls = this.#calls.get(caller);
    if (calls === undefined) this.#calls.set(caller, [call]);
    else calls.push(call);
  }

  #showArguments({ arguments: column, characters }: StepRow): readonly unknown[] {
    if (column === null || !this.#budget.takeText(characters)) return [omittedValue(characters)];
    return unpackArguments(column).map(showValue);
  }

  #showAttempt(row: AttemptRow): GrowingExecution {
    const status = statusOf(row.status);
    const { id, number, attempt, createdAt, dueAt, assignedAt, completedAt, sessionId, target, path } = row;
    const execution: GrowingExecution = {
      id: executionIdOf(this.#runId, number, attempt),
      attempt,
      status,
      createdAt,
      executeAfter: dueAt > createdAt ? dueAt : null,
      assignedAt,
      completedAt,
      sessionId,
      result: this.#showResult(row),
      children: [],
      dependencies: [],
      reason: this.#reasonFor({ id, status, attempt, dueAt, target, path }),
      ignored: [],
    };
    this.#executions.set(id, execution);
    return execution;
  }

  #showResult(row: AttemptRow): ResultView | null {
    const status = statusOf(row.status);
    const { successorId, result, characters } = row;
    if (status === "spawned") return successorId === null ? null : { status, execution: successorId };
    const isLeftOut = characters > 0 && (result === null || !this.#budget.takeText(characters));
    if (isLeftOut) return omittedResult(status, characters);
    const outcome = unpackOutcome(status, row);
    return outcome === undefined ? null : showOutcome(outcome, successorId);
  }
}
