import { type Assignment, type Candidate, assign } from "../rules/assignment.ts";
import {
  type ReadyRow,
  awaitedReadyExecutions,
  neededReadyExecutions,
  readyExecutions,
  readyTargets,
  workOf,
} from "../store/queue.ts";
import type { Host } from "../rules/host.ts";
import type { Transaction } from "../transaction.ts";
import { assignExecution } from "../store/executions.ts";
import { effectiveOptions } from "../rules/target-options.ts";
import { environmentState } from "../store/environment.ts";
import { executeCommand } from "./execute-command.ts";
import { followRoot } from "./end-execution.ts";
import { HostsReader } from "../store/hosts.ts";
import { onItsOwn } from "./on-its-own.ts";
import { promoteDue } from "./promote-due.ts";
import { sweep } from "./sweep.ts";

export interface AssignedReady {
  /** The session that was given something last: the next among equals has its turn first. */
  readonly lastSession: number;
  /** There was more to do than one turn may: another batch is to follow at once. */
  readonly hasMore: boolean;
}

/**
 * The end of every batch: what has become due joins the queue, and what is ready goes to agents with free slots. While a decision is still to
 * reach all that it concerns, nothing is handed out: it may be among that.
 */
export function assignReady(tx: Transaction, lastSession: number): AssignedReady {
  if (!sweep(tx)) return { lastSession, hasMore: true };
  if (environmentState(tx.db) !== "active") return { lastSession, hasMore: false };
  const promoted = promoteDue(tx);
  const hosts = new HostsReader(tx.db, tx.limits.waitingPerSession);
  const candidates: Candidate[] = [];
  const hostsOfTarget = new Map<number, readonly Host[]>();
  for (const target of readyTargets(tx.db)) {
    const free = hosts.ofTarget(target).filter((host) => host.freeSlots > 0);
    if (free.length === 0) continue;
    hostsOfTarget.set(target, free);
    candidates.push(...candidatesFor(tx, target, free));
  }
  const assignments = assign(candidates, hostsOfTarget, lastSession).slice(0, tx.limits.executionsPerTurn);
  for (const assignment of assignments) {
    onItsOwn(tx, assignment.execution, (inner) => give(inner, assignment));
  }
  const isFull = assignments.length === tx.limits.executionsPerTurn || promoted === tx.limits.executionsPerTurn;
  return { lastSession: assignments.at(-1)?.host.id ?? lastSession, hasMore: isFull };
}

/** No more of each kind than its hosts could take: who comes further back cannot get a slot in this batch. */
function candidatesFor({ db, limits }: Transaction, target: number, hosts: readonly Host[]): Candidate[] {
  const staying = hosts.filter((host) => !host.isDraining);
  const leaving = hosts.filter((host) => host.isDraining);
  const found = new Map<number, Candidate>();
  const add = (rows: readonly ReadyRow[], isAwaited: boolean, neededBy: readonly number[]): void => {
    for (const row of rows) {
      found.set(row.id, { ...row, isAwaited, neededBy: [...(found.get(row.id)?.neededBy ?? []), ...neededBy] });
    }
  };
  const room = Math.min(slotsOf(staying), limits.executionsPerTurn);
  if (staying.some((host) => !host.isSaturated)) add(readyExecutions(db, target, room), false, []);
  if (staying.some((host) => host.isSaturated)) add(awaitedReadyExecutions(db, target, room), true, []);
  const anyRoom = Math.min(slotsOf(hosts), limits.executionsPerTurn);
  for (const { id } of leaving) add(neededReadyExecutions(db, { session: id, target, limit: anyRoom }), true, [id]);
  return [...found.values()];
}

function slotsOf(hosts: readonly Host[]): number {
  return hosts.reduce((total, host) => total + host.freeSlots, 0);
}

function give(tx: Transaction, { execution, host }: Assignment): void {
  const { db, now, effects } = tx;
  const work = workOf(db, execution);
  const options = effectiveOptions(work.manifest, work.overrides);
  assignExecution(db, { execution, session: host.id, assignedAt: now });
  effects.send(host.sessionId, executeCommand(work, options));
  effects.runChanged("run-changed", work.runId);
  effects.changed("agents-changed");
  if (work.number === 1) followRoot(tx, work, "assigned");
}
