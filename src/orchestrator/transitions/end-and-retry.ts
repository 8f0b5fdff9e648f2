import { type ExecutionRow, earlierStatuses, insertExecution } from "../store/executions.ts";
import type { Slot } from "../store/slots.ts";
import type { Ms } from "../../base/clock.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import type { Transaction } from "../transaction.ts";
import { cancelCalled } from "./cancel-tree.ts";
import { effectiveOptions } from "../rules/target-options.ts";
import { endExecution } from "./end-execution.ts";
import { getStep } from "../store/steps.ts";
import { isFailure } from "../rules/execution-state.ts";
import { nextAttempt } from "../rules/next-attempt.ts";

/** How an attempt ended, and what is to be known of another one. */
export interface AttemptEnd {
  readonly outcome: Outcome;
  readonly slot: Slot;
  readonly mayRetry: boolean;
  readonly retryAfterMs: Ms | null;
}

/** Ends an assigned execution as `endExecution` does, and queues the next attempt if it failed and its author wants one. */
export function endAndRetry(tx: Transaction, execution: ExecutionRow, end: AttemptEnd): void {
  const { outcome, slot } = end;
  const successor = isFailure(outcome.kind) ? queueRetry(tx, execution, end) : null;
  endExecution(tx, execution, { outcome, slot, successor });
  // What a failed or abandoned caller has called goes on: nobody asked it to stop.
  if (outcome.kind === "timed_out" || outcome.kind === "cancelled") cancelCalled(tx, execution.id);
}

/** Returns the next attempt, or null when there is none. */
function queueRetry(tx: Transaction, execution: ExecutionRow, { mayRetry, retryAfterMs }: AttemptEnd): number | null {
  const { db, now } = tx;
  const { manifest, overrides } = getStep(db, execution.step);
  const { retries: policy } = effectiveOptions(manifest, overrides);
  if (policy === null || !mayRetry) return null;
  const failuresBefore = countFailures(tx, execution, policy.limit);
  const next = nextAttempt({ policy, failuresBefore, mayRetry, retryAfterMs }, now, tx.random);
  if (next.kind === "give-up") return null;
  const { step, target, priority } = execution;
  const attempt = execution.attempt + 1;
  const isReady = next.dueAt <= now;
  return insertExecution(db, { step, attempt, target, priority, createdAt: now, dueAt: next.dueAt, isReady });
}

/** Consecutive failures before this attempt; more than the limit need not be told apart, and without a limit none. */
function countFailures(tx: Transaction, attempt: ExecutionRow, limit: number | null): number {
  if (limit === null) return 0;
  const statuses = earlierStatuses(tx.db, attempt, limit);
  const last = statuses.findIndex((status) => !isFailure(status));
  return last === -1 ? statuses.length : last;
}
