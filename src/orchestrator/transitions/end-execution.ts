import { type ExecutionRow, setEnded, getExecution } from "../store/executions.ts";
import type { Slot } from "../store/slots.ts";
import { deleteWaitsOf, moveWaits, takeWaitsFor } from "../store/waits.ts";
import type { ExecutionStatus } from "../../protocol/views.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import type { Transaction } from "../transaction.ts";
import { isFinalRunStatus } from "../../protocol/views.ts";
import { packOutcome } from "../store/value-columns.ts";
import { runStatusOf } from "../rules/execution-state.ts";
import { setRunStatus } from "../store/runs.ts";

export interface End {
  readonly outcome: Outcome;
  /** What it does with its slot from now on. */
  readonly slot: Slot;
  /** The next attempt, if there is one: whoever waits goes on waiting for that. */
  readonly successor: number | null;
}

/** Ends a live execution: its own waits are over, those who wait for it are answered or moved on, its run follows. */
export function endExecution(tx: Transaction, execution: ExecutionRow, { outcome, slot, successor }: End): void {
  const { db, now } = tx;
  const status = outcome.kind;
  setEnded(db, execution.id, { ...packOutcome(outcome), status, slot, successor, completedAt: now });
  if (execution.slot === "yielded") deleteWaitsOf(db, execution.id);
  if (successor === null) answerWaits(tx, execution.id, outcome);
  else moveWaits(db, { from: execution.id, to: successor });
  tx.effects.runChanged("run-changed", execution.runId);
  if (execution.slot !== slot) tx.effects.changed("agents-changed");
  if (execution.number === 1) followRoot(tx, execution, successor === null ? status : "queued");
}

/** Sets the status of a run after its root's: the live attempt of a step is always its latest. */
export function followRoot(tx: Transaction, root: Pick<ExecutionRow, "run" | "runId">, status: ExecutionStatus): void {
  const runStatus = runStatusOf(status);
  const isFinal = isFinalRunStatus(runStatus);
  const parent = setRunStatus(tx.db, root.run, { status: runStatus, completedAt: isFinal ? tx.now : null });
  tx.effects.runChanged("run-changed", root.runId);
  // The caller's run shows how the runs that it called get on.
  if (parent !== null) tx.effects.runChanged("run-changed", getExecution(tx.db, parent).runId);
  tx.effects.changed("runs-changed");
  if (isFinal) tx.effects.runChanged("run-final", root.runId);
  else tx.effects.runReopened(root.runId);
}

function answerWaits(tx: Transaction, awaited: number, outcome: Outcome): void {
  for (const { callerId, callerRunId, sessionId, request, askedId } of takeWaitsFor(tx.db, awaited)) {
    tx.effects.send(sessionId, { kind: "answer", request, caller: callerId, execution: askedId, outcome });
    tx.effects.runChanged("run-changed", callerRunId);
    tx.effects.changed("agents-changed");
  }
}
