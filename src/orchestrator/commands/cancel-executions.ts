import { cancelExecutionIfLive } from "./cancel-execution.ts";
import { findCaller, refuse } from "./callers.ts";
import type { Handler } from "../handler.ts";
import { accepted } from "../verdict.ts";
import { notFound } from "../../protocol/failures.ts";
import { findExecution } from "../store/executions.ts";

/** A running execution cancels others. */
export const cancelExecutions: Handler<"cancel-executions"> = (tx, command) => {
  const caller = findCaller(tx, command);
  if (!caller.ok) return refuse(tx, command, caller.error);
  for (const executionId of command.executions) {
    const execution = findExecution(tx.db, executionId);
    if (execution === undefined) return refuse(tx, command, notFound("execution_not_found", executionId));
    cancelExecutionIfLive(tx, execution);
  }
  const { session, caller: callerId, request } = command;
  tx.effects.send(session, { kind: "done", request, caller: callerId });
  return accepted(null);
};
