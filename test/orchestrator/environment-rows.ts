import { waitReason } from "../../src/orchestrator/rules/wait-reason.ts";
import type { Database } from "../../src/orchestrator/store/database.ts";
import { getExecution, outcomeOf } from "../../src/orchestrator/store/executions.ts";
import { executionStatusFrom } from "../../src/orchestrator/store/statuses.ts";
import { WaitFactsReader } from "../../src/orchestrator/store/wait-facts.ts";
import { type RunId, executionIdOf } from "../../src/protocol/ids.ts";
import type { Outcome } from "../../src/protocol/outcome.ts";
import { type ExecutionStatus, type RunStatus, runStatuses } from "../../src/protocol/views.ts";
import type { WaitReason } from "../../src/protocol/wait-reason.ts";

/** Everything about one execution that a test may want to know. */
export interface ExecutionFacts {
  readonly id: number;
  readonly executionId: string;
  readonly path: string;
  readonly attempt: number;
  readonly step: number;
  readonly status: ExecutionStatus;
  readonly slot: string;
  readonly sessionId: string | null;
  readonly expiresAt: number | null;
  readonly successor: number | null;
  readonly outcome: Outcome | undefined;
  readonly reason: WaitReason | null;
  /** It is ready, and an agent has room for it: between batches there is no such thing. */
  readonly isOverlooked: boolean;
  /** Assigned, and its agent is connected and has begun with it as far as is known. */
  readonly isAtWork: boolean;
  readonly ignored: readonly ExecutionStatus[];
}

interface Row {
  readonly id: number;
  readonly target: number;
  readonly path: string;
  readonly dueAt: number;
}

/** All executions of an environment, in the order in which they were made. */
export function executionFacts(db: Database, now: number, waitingPerSession: number): ExecutionFacts[] {
  const reader = new WaitFactsReader(db, waitingPerSession);
  const rows = db.all<Row>(
    `SELECT executions.id, target, path, due_at AS dueAt FROM executions JOIN targets ON targets.id = target ORDER BY executions.id`,
  );
  return rows.map((row) => {
    const execution = getExecution(db, row.id);
    const facts = reader.factsOf({ ...execution, ...row });
    const reason = waitReason(facts, now);
    const isOverlooked = reason?.code === "ready";
    const outcome = outcomeOf(db, execution);
    const isAtWork = facts.holder?.isConnected === true && !facts.holder.isUnstarted;
    return { ...execution, path: row.path, outcome, reason, isOverlooked, isAtWork, ignored: ignoredOf(db, row.id) };
  });
}

// The comments tell the statements of tests from those of the engine (query-plans.test.ts).

export function executionIds(db: Database): string[] {
  const sql = `/* test */ SELECT runs.external_id AS runId, number, attempt FROM executions JOIN steps ON steps.id = step
    JOIN runs ON runs.id = run ORDER BY executions.id`;
  const rows = db.all<{ runId: RunId; number: number; attempt: number }>(sql);
  return rows.map(({ runId, number, attempt }) => executionIdOf(runId, number, attempt));
}

export function runFacts(db: Database): { readonly runId: string; readonly status: RunStatus }[] {
  const rows = db.all<{ runId: string; status: number }>(
    "/* test */ SELECT external_id AS runId, status FROM runs ORDER BY id",
  );
  return rows.map(({ runId, status }) => ({ runId, status: runStatuses[status] ?? "queued" }));
}

function ignoredOf(db: Database, execution: number): ExecutionStatus[] {
  const sql = "SELECT status FROM ignored_outcomes WHERE execution = ? ORDER BY status";
  return db.all<{ status: number }>(sql, execution).map(({ status }) => executionStatusFrom(status));
}
