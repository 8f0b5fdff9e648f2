import { accepted } from "../verdict.ts";
import { setSlot } from "../store/executions.ts";
import { findGiven } from "./callers.ts";
import type { Handler } from "../handler.ts";
import { endAndRetry } from "../transitions/end-and-retry.ts";
import { isLive } from "../rules/execution-state.ts";

/** User code that had its outcome already has really stopped: the slot is free. */
export const reportStopped: Handler<"report-stopped"> = (tx, { session, execution: executionId }) => {
  const given = findGiven(tx, session, executionId);
  if (!given.ok) return given;
  const execution = given.value;
  if (isLive(execution.status)) {
    const outcome = { kind: "abandoned", reason: "its agent said that it has stopped, and not how it ended" } as const;
    endAndRetry(tx, execution, { outcome, slot: "none", mayRetry: true, retryAfterMs: null });
  } else if (execution.slot !== "none") {
    setSlot(tx.db, execution.id, "none");
    tx.effects.changed("agents-changed");
  }
  return accepted(null);
};
