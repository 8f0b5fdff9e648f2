import { type ExecutionRow, getExecution, insertExecution } from "../store/executions.ts";
import { type CheckedCall, checkCall } from "./check-call.ts";
import type { SubmitCall } from "../command.ts";
import type { Handler } from "../handler.ts";
import { countSteps, findCall, insertStep } from "../store/steps.ts";
import { findCaller, refuse } from "./callers.ts";
import { insertWait, recordDependency } from "../store/waits.ts";
import { packArguments, packOptions } from "../store/value-columns.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import type { Transaction } from "../transaction.ts";
import { accepted } from "../verdict.ts";
import { answerAwait } from "../transitions/answer-await.ts";
import { executionIdOf } from "../../protocol/ids.ts";
import { findRun } from "../store/runs.ts";

/** A call from a running execution: a step in the caller's run. */
export const submitCall: Handler<"submit-call"> = (tx, command) => {
  const caller = findCaller(tx, command);
  if (!caller.ok) return refuse(tx, command, caller.error);
  const made = findCall(tx.db, caller.value.id, command.request);
  if (made !== undefined) return answerAgain(tx, command, { caller: caller.value, made: getExecution(tx.db, made) });
  const checked = checkCall(tx, command);
  if (!checked.ok) return refuse(tx, command, checked.error);
  const number = countSteps(tx.db, caller.value.run) + 1;
  const call = { ...checked.value, command, caller: caller.value, number };
  const fault = findFault(tx, call);
  if (fault !== undefined) return refuse(tx, command, fault);
  const execution = addStep(tx, call);
  if (command.isAwaited) wait(tx, call, execution);
  else tellSubmitted(tx, command, executionIdOf(caller.value.runId, number, 1));
  tx.effects.runChanged("run-changed", caller.value.runId);
  return accepted(null);
};

interface NewCall extends CheckedCall {
  readonly command: SubmitCall;
  readonly caller: ExecutionRow;
  /** Of its step in the caller's run. */
  readonly number: number;
}

/** What a running execution may not call, or not any more. */
function findFault(tx: Transaction, { command, caller, target, number }: NewCall): Failure | undefined {
  const { stepsPerRun, runDepth } = tx.limits;
  if (target.type === "sensor") {
    const message = `${command.target} is a sensor: only workflows and tasks are called`;
    return { code: "not_a_workflow", message };
  }
  if (number > stepsPerRun) {
    const message = `run ${caller.runId} has ${stepsPerRun} steps, the most that one run may have: call workflows for parts of it`;
    return { code: "invalid_request", message, details: { limit: stepsPerRun } };
  }
  if (target.type === "workflow" && (findRun(tx.db, caller.runId)?.depth ?? 0) >= runDepth) {
    const message = `run ${caller.runId} is ${runDepth} workflows deep, the most that is allowed: does it call itself without end?`;
    return { code: "invalid_request", message, details: { limit: runDepth } };
  }
  return undefined;
}

/** Returns the step's first execution. A called workflow is not for an agent: when it is due it becomes a run of its own. */
function addStep(tx: Transaction, { command, caller, target, options, number }: NewCall): number {
  const { db, now } = tx;
  const step = insertStep(db, {
    run: caller.run,
    number,
    target: target.id,
    parent: caller.id,
    request: command.request,
    arguments: packArguments(command.arguments),
    options: packOptions(command.options),
  });
  const dueAt = now + options.delayMs;
  const isReady = options.delayMs === 0 && target.type !== "workflow";
  const { priority } = options;
  return insertExecution(db, { step, attempt: 1, target: target.id, priority, createdAt: now, dueAt, isReady });
}

function wait(tx: Transaction, { command: { request }, caller }: NewCall, execution: number): void {
  recordDependency(tx.db, { execution: caller.id, awaited: execution, request });
  insertWait(tx.db, { caller: caller.id, request, asked: execution, awaited: execution });
  tx.effects.changed("agents-changed");
}

interface RepeatedCall {
  readonly caller: ExecutionRow;
  /** The first execution of the step that the call made. */
  readonly made: ExecutionRow;
}

/** The agent has not seen the answer to this call: it is the same step, and the same answer as far as there is one. */
function answerAgain(tx: Transaction, command: SubmitCall, { caller, made }: RepeatedCall) {
  if (command.isAwaited) answerAwait(tx, { caller, request: command.request, asked: made, isPeek: false });
  else tellSubmitted(tx, command, made.executionId);
  return accepted(null);
}

function tellSubmitted(tx: Transaction, { session, caller, request }: SubmitCall, execution: string): void {
  tx.effects.send(session, { kind: "submitted", request, caller, execution });
}
