import { insertWait, recordDependency } from "../store/waits.ts";
import { type ExecutionRow, outcomeOf } from "../store/executions.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import type { Transaction } from "../transaction.ts";
import { follow } from "./follow.ts";

export interface Await {
  readonly caller: ExecutionRow;
  readonly request: number;
  readonly asked: ExecutionRow;
  /** Answer at once, as pending if need be. */
  readonly isPeek: boolean;
}

/** Answers a running execution that asks for the outcome of another, now or when there is one. */
export function answerAwait(tx: Transaction, question: Await): void {
  const { caller, request, asked, isPeek } = question;
  recordDependency(tx.db, { execution: caller.id, awaited: asked.id, request });
  const end = follow(tx.db, asked);
  const outcome = outcomeOf(tx.db, end) ?? null;
  if (outcome === null && !isPeek) {
    insertWait(tx.db, { caller: caller.id, request, asked: asked.id, awaited: end.id });
    tx.effects.changed("agents-changed");
  } else {
    answer(tx, question, outcome);
  }
  tx.effects.runChanged("run-changed", caller.runId);
}

function answer(tx: Transaction, { caller, request, asked }: Await, outcome: Outcome | null): void {
  const { executionId, sessionId } = caller;
  if (sessionId === null) throw new Error(`execution ${executionId} asks without a session`);
  const execution = asked.executionId;
  tx.effects.send(sessionId, { kind: "answer", request, caller: executionId, execution, outcome });
}
