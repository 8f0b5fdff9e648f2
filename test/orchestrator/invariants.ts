import { isLive, runStatusOf } from "../../src/orchestrator/rules/execution-state.ts";
import type { Database } from "../../src/orchestrator/store/database.ts";
import { type ExecutionFacts, executionFacts, runFacts } from "./environment-rows.ts";

/** What must be true of an environment after every batch. Returns what is not. */
export class InvariantChecker {
  #before = new Map<string, ExecutionFacts>();

  check(db: Database, now: number, waitingPerSession: number): string[] {
    const executions = executionFacts(db, now, waitingPerSession);
    const violations = [
      ...executions.flatMap((execution) => this.#changes(execution)),
      ...this.#overfull(db, executions),
      ...executions.flatMap(reasons),
      ...attempts(executions),
      ...waits(db),
      ...runs(db, executions),
      ...sessions(db),
    ];
    this.#before = new Map(executions.map((execution) => [execution.executionId, execution]));
    return violations;
  }

  /** One session ever; what is final stays. */
  #changes(execution: ExecutionFacts): string[] {
    const before = this.#before.get(execution.executionId);
    if (before === undefined) return [];
    const violations: string[] = [];
    if (before.sessionId !== null && before.sessionId !== execution.sessionId) {
      violations.push(`${execution.executionId} went from session ${before.sessionId} to ${execution.sessionId}`);
    }
    const endOf = ({ status, outcome, successor }: ExecutionFacts): string =>
      JSON.stringify([status, outcome, successor]);
    if (!isLive(before.status) && endOf(before) !== endOf(execution)) {
      violations.push(`${execution.executionId} was final and changed from ${endOf(before)} to ${endOf(execution)}`);
    }
    return violations;
  }

  /** A session that was just given something holds no more than it declared. */
  #overfull(db: Database, executions: readonly ExecutionFacts[]): string[] {
    const isNew = (execution: ExecutionFacts): boolean =>
      execution.status === "assigned" && this.#before.get(execution.executionId)?.status !== "assigned";
    const given = new Set(executions.filter(isNew).map((execution) => execution.sessionId));
    return [...given].flatMap((sessionId) => {
      const inSlot = executions.filter(
        ({ sessionId: other, slot }) => other === sessionId && /held|outlived/.test(slot),
      );
      const concurrency = concurrencyOf(db, sessionId);
      return inSlot.length > concurrency ? [`${sessionId} holds ${inSlot.length} of ${concurrency}`] : [];
    });
  }
}

function concurrencyOf(db: Database, sessionId: string | null): number {
  const sql = "SELECT concurrency FROM sessions WHERE external_id = ?";
  return db.get<{ concurrency: number }>(sql, sessionId)?.concurrency ?? 0;
}

function reasons({ executionId, status, slot, reason, isOverlooked, isAtWork }: ExecutionFacts): string[] {
  if (isOverlooked) return [`${executionId} waits although an agent has room for it`];
  const shouldHaveOne = status === "queued" || (status === "assigned" && (slot === "yielded" || !isAtWork));
  if (shouldHaveOne === (reason !== null)) return [];
  return [`${executionId} is ${status}, slot ${slot}, with the reason ${JSON.stringify(reason)}`];
}

/** Attempts count from 1 without gaps, and only the last may be live. */
function attempts(executions: readonly ExecutionFacts[]): string[] {
  const latest = new Map<number, ExecutionFacts>();
  return executions.flatMap((execution) => {
    const before = latest.get(execution.step);
    latest.set(execution.step, execution);
    const isNext = execution.attempt === (before?.attempt ?? 0) + 1;
    const violations = isNext ? [] : [`${execution.executionId} comes after attempt ${before?.attempt ?? 0}`];
    if (before === undefined || !isLive(before.status)) return violations;
    return [...violations, `${before.executionId} is live and not the latest`];
  });
}

function waits(db: Database): string[] {
  const wrong = db.all<{ caller: number; awaited: number }>(
    `SELECT caller, awaited FROM waits JOIN executions AS callers ON callers.id = caller JOIN executions AS others ON others.id = awaited
     WHERE others.status > 1 OR callers.status <> 1 OR callers.slot <> 2`,
  );
  const idle = db.all<{ id: number }>(
    "SELECT id FROM executions WHERE slot = 2 AND NOT EXISTS (SELECT 1 FROM waits WHERE caller = executions.id)",
  );
  return [
    ...wrong.map(({ caller, awaited }) => `row ${caller} waits for ${awaited}, which cannot be`),
    ...idle.map(({ id }) => `row ${id} has yielded its slot and waits for nothing`),
  ];
}

function runs(db: Database, executions: readonly ExecutionFacts[]): string[] {
  const isRoot = ({ executionId }: ExecutionFacts): boolean => executionId.split(":")[1] === "1";
  const roots = new Map(executions.filter(isRoot).map((root) => [root.executionId.split(":")[0], root]));
  return runFacts(db).flatMap(({ runId, status }) => {
    const root = roots.get(runId); // The last attempt is the last in the list.
    return root === undefined || runStatusOf(root.status) !== status
      ? [`${runId} is ${status}, its root ${root?.status}`]
      : [];
  });
}

function sessions(db: Database): string[] {
  const sql = `SELECT executions.id FROM executions JOIN sessions ON sessions.id = session WHERE slot > 0 AND ended_at IS NOT NULL`;
  return db.all<{ id: number }>(sql).map(({ id }) => `row ${id} is in a slot of a session that has ended`);
}
