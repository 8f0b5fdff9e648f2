import { type ExecutionRow, recordIgnored, setSlot } from "../store/executions.ts";
import type { ReportOutcome } from "../command.ts";
import { findGiven } from "./callers.ts";
import type { Handler } from "../handler.ts";
import { accepted } from "../verdict.ts";
import type { Transaction } from "../transaction.ts";
import { endAndRetry } from "../transitions/end-and-retry.ts";
import { isLive } from "../rules/execution-state.ts";

/** How an execution ended, as its agent saw it. The first end counts; what comes later is remembered as ignored. */
export const reportOutcome: Handler<"report-outcome"> = (tx, report) => {
  const given = findGiven(tx, report.session, report.execution);
  if (!given.ok) return given;
  const execution = given.value;
  if (!isLive(execution.status)) {
    ignore(tx, execution, report);
    return accepted(null);
  }
  const { outcome, mayRetry, retryAfterMs, hasStopped } = report;
  endAndRetry(tx, execution, { outcome, slot: hasStopped ? "none" : "outlived", mayRetry, retryAfterMs });
  return accepted(null);
};

function ignore(tx: Transaction, execution: ExecutionRow, { outcome, hasStopped }: ReportOutcome): void {
  const slot = hasStopped ? "none" : "outlived";
  if (execution.slot !== "none" && execution.slot !== slot) {
    setSlot(tx.db, execution.id, slot);
    tx.effects.changed("agents-changed");
  }
  // The same end again is a resend, or the agent's word for what the server has decided: nothing was lost.
  if (outcome.kind === execution.status) return;
  const ignored = { execution: execution.id, status: outcome.kind, reportedAt: tx.now };
  if (recordIgnored(tx.db, ignored)) tx.effects.runChanged("run-changed", execution.runId);
}
