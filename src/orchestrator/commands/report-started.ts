import { accepted } from "../verdict.ts";
import { setExpiry } from "../store/executions.ts";
import { ABORT_GRACE_MS } from "../../protocol/limits.ts";
import { findGiven } from "./callers.ts";
import type { Handler } from "../handler.ts";
import { effectiveOptions } from "../rules/target-options.ts";
import { getStep } from "../store/steps.ts";

/** The function has begun: its timeout counts from now on, and the moment from which the server stands in for the agent. */
export const reportStarted: Handler<"report-started"> = (tx, { session, execution: executionId }) => {
  const given = findGiven(tx, session, executionId);
  if (!given.ok) return given;
  const execution = given.value;
  if (execution.status !== "assigned") return accepted(null);
  const { manifest, overrides } = getStep(tx.db, execution.step);
  const { timeoutMs } = effectiveOptions(manifest, overrides);
  if (timeoutMs === null) return accepted(null);
  setExpiry(tx.db, execution.id, tx.now + timeoutMs + ABORT_GRACE_MS);
  tx.effects.runChanged("run-changed", execution.runId);
  return accepted(null);
};
