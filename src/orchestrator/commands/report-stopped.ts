import { accepted, rejected } from "../outcome.ts";
import { findExecution, setSlot } from "../store/executions.ts";
import type { Handler } from "../handler.ts";
import { concludeExecution } from "../transitions/conclude-execution.ts";
import { isLive } from "../rules/execution-state.ts";

/** User code that had its outcome already has really stopped: the slot is free. */
export const reportStopped: Handler<"report-stopped"> = (tx, { session, execution: executionId }) => {
  const execution = findExecution(tx.db, executionId);
  if (execution?.sessionId !== session) {
    return rejected("execution_not_found", `this session was never given an execution ${executionId}`);
  }
  if (isLive(execution.status)) {
    const outcome = { kind: "abandoned", reason: "its agent said that it has stopped, and not how it ended" } as const;
    concludeExecution(tx, execution, { outcome, slot: "none", mayRetry: true, retryAfterMs: null });
  } else if (execution.slot !== "none") {
    setSlot(tx.db, execution.id, "none");
    tx.effects.changed("agents-changed");
  }
  return accepted(null);
};
