import { type ExecutionRow, findExecution } from "../store/executions.ts";
import { type Result, failure, ok } from "../../base/result.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import type { Transaction } from "../transaction.ts";
import { isLive } from "../rules/execution-state.ts";

/** A request of a running execution; `(caller, request)` names it for ever. */
export interface CallerRequest {
  readonly session: string;
  readonly caller: string;
  readonly request: number;
}

/** An execution that this session was given: nobody else may say anything of it. */
export function findGiven(tx: Transaction, session: string, executionId: string): Result<ExecutionRow, Failure> {
  const execution = findExecution(tx.db, executionId);
  if (execution !== undefined && execution.sessionId === session) return ok(execution);
  return failure({ code: "execution_not_found", message: `this session was never given an execution ${executionId}` });
}

/** The execution that asks: it must run in that session, because only running code may call, wait or cancel. */
export function findCaller(tx: Transaction, { session, caller }: CallerRequest): Result<ExecutionRow, Failure> {
  const given = findGiven(tx, session, caller);
  if (!given.ok || isLive(given.value.status)) return given;
  const message = `the execution ${caller} has ended (${given.value.status}) and can ask for nothing more`;
  return failure({ code: "execution_not_found", message });
}

/** Tells the caller why not. */
export function refuse(tx: Transaction, { session, caller, request }: CallerRequest, error: Failure) {
  const { code, message } = error;
  tx.effects.send(session, { kind: "refused", request, caller, code, message });
  return failure(error);
}
