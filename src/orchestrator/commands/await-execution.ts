import { findCaller, refuse } from "./callers.ts";
import type { Handler } from "../handler.ts";
import { accepted } from "../verdict.ts";
import { answerAwait } from "../transitions/answer-await.ts";
import { notFound } from "../../protocol/failures.ts";
import { findExecution } from "../store/executions.ts";

/** A running execution asks for the outcome of another, anywhere in the environment. */
export const awaitExecution: Handler<"await-execution"> = (tx, command) => {
  const caller = findCaller(tx, command);
  if (!caller.ok) return refuse(tx, command, caller.error);
  const asked = findExecution(tx.db, command.execution);
  if (asked === undefined) return refuse(tx, command, notFound("execution_not_found", command.execution));
  answerAwait(tx, { caller: caller.value, request: command.request, asked, isPeek: command.isPeek });
  return accepted(null);
};
