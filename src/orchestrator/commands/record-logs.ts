import { type ExecutionRow, findExecution } from "../store/executions.ts";
import type { LogEntry } from "../command.ts";
import type { Handler } from "../handler.ts";
import type { Transaction } from "../transaction.ts";
import { accepted } from "../verdict.ts";
import { insertLog } from "../store/logs.ts";
import { logLevels } from "../../protocol/agent-messages.ts";

/** Keeps log lines. Lines of executions that are not the session's are dropped: logs never stop anything. */
export const recordLogs: Handler<"record-logs"> = (tx, { session, entries }) => {
  let execution: ExecutionRow | undefined;
  for (const entry of entries) {
    if (execution?.executionId !== entry.execution) execution = findExecution(tx.db, entry.execution);
    if (execution !== undefined && execution.sessionId === session) keep(tx, execution, entry);
  }
  return accepted(null);
};

function keep(tx: Transaction, { id, run, runId }: ExecutionRow, entry: LogEntry): void {
  const { logsPerExecution: limit } = tx.limits;
  if (entry.sequence > limit + 1) return;
  const line = entry.sequence <= limit ? entry : { ...entry, ...limitNotice(limit) };
  const { sequence, timestamp: loggedAt, level, template, values } = line;
  if (insertLog(tx.db, { run, execution: id, sequence, loggedAt, level, template, values })) {
    tx.effects.runChanged("logs-changed", runId);
  }
}

/** Takes the place of the first line that is one too many. */
function limitNotice(limit: number) {
  return {
    level: logLevels.indexOf("warn"),
    template: "further lines of this execution are dropped: {limit} are kept",
    values: JSON.stringify({ limit }),
  };
}
