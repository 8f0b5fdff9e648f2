import { type ExecutionRow, findExecution, inSlotsOf, setSlot } from "../store/executions.ts";
import { type SessionRow, findSession, setConnected } from "../store/sessions.ts";
import { accepted, rejected } from "../verdict.ts";
import { FatalError } from "../store/fatal-error.ts";
import { archived } from "../../protocol/failures.ts";
import { failure } from "../../base/result.ts";
import type { Handler } from "../handler.ts";
import type { Transaction } from "../transaction.ts";
import { deleteWaitsOfSession } from "../store/waits.ts";
import { effectiveOptions } from "../rules/target-options.ts";
import { environmentState } from "../store/environment.ts";
import { executeCommand } from "../transitions/execute-command.ts";
import { isLive } from "../rules/execution-state.ts";
import { isSecret } from "./session-secret.ts";
import { workOf } from "../store/queue.ts";

/**
 * An agent is back on another connection, or met a restarted orchestrator. What was meant for it and may have been lost on the way is made up
 * for from the rows; it sends its unanswered requests again itself.
 */
export const resumeSession: Handler<"resume-session"> = (tx, command) => {
  const { session: sessionId, secret, acknowledged, known } = command;
  if (environmentState(tx.db) === "archived") return failure(archived());
  const session = findSession(tx.db, sessionId);
  if (session === undefined || !isSecret(secret, session.secretHash)) {
    return rejected("session_unknown", `session ${sessionId} has ended or never was: open a new one`);
  }
  assertHistory(session, acknowledged);
  setConnected(tx.db, session.id, true);
  deleteWaitsOfSession(tx.db, session.id);
  reconcile(tx, session, new Set(known));
  if (session.isDraining) tx.effects.send(sessionId, { kind: "drain" });
  tx.effects.changed("agents-changed");
  return accepted({ session: sessionId, lastSequence: session.lastSequence });
};

/** Agents are witnesses: what one of them has seen acknowledged was committed here once. */
function assertHistory({ sessionId, lastSequence }: SessionRow, acknowledged: number): void {
  if (acknowledged <= lastSequence) return;
  throw new FatalError(
    "history_regressed",
    `session ${sessionId} saw frame ${acknowledged} acknowledged, the database knows ${lastSequence}: it has lost committed history; restore the newest copy`,
  );
}

function reconcile(tx: Transaction, session: SessionRow, known: ReadonlySet<string>): void {
  const unexplained = new Set(known);
  for (const execution of inSlotsOf(tx.db, session.id)) {
    const isKnown = unexplained.delete(execution.executionId);
    if (isLive(execution.status)) {
      if (!isKnown) sendAgain(tx, session, execution);
    } else if (execution.slot !== "outlived") {
      // Ended by the server, and the agent has not said that the code has stopped.
      if (isKnown) abortEnded(tx, session, execution);
      else setSlot(tx.db, execution.id, "none"); // It never got there, so nothing runs.
    }
  }
  for (const executionId of unexplained) abortForeign(tx, session, executionId);
}

/** An execution that the agent never received; it goes to the session that it was first meant for, and to no other, ever. */
function sendAgain(tx: Transaction, { sessionId }: SessionRow, { id }: ExecutionRow): void {
  const work = workOf(tx.db, id);
  tx.effects.send(sessionId, executeCommand(work, effectiveOptions(work.manifest, work.overrides)));
}

function abortEnded(tx: Transaction, { sessionId }: SessionRow, { executionId, status }: ExecutionRow): void {
  const reason = status === "cancelled" || status === "timed_out" ? status : "abandoned";
  tx.effects.send(sessionId, { kind: "abort", execution: executionId, reason });
}

/** The agent keeps what was never given to this session. One that was, and has stopped, it forgets by the acknowledgement. */
function abortForeign(tx: Transaction, { id, sessionId }: SessionRow, executionId: string): void {
  if (findExecution(tx.db, executionId)?.session === id) return;
  tx.effects.send(sessionId, { kind: "abort", execution: executionId, reason: "abandoned" });
}
