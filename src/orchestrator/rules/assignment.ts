import type { Ms } from "../../base/clock.ts";
import type { Host } from "./host.ts";

/** A ready execution. */
export interface Candidate {
  readonly id: number;
  readonly target: number;
  readonly priority: number;
  readonly dueAt: Ms;
  /** Whether another execution waits for it. */
  readonly isAwaited: boolean;
  /** The draining sessions that it keeps: an execution of theirs waits for it, directly or through others. */
  readonly neededBy: readonly number[];
}

export interface Assignment {
  readonly execution: number;
  readonly host: Host;
}

/**
 * Gives ready executions to sessions: larger priority first, then oldest due, then first made. Each goes to the host of its target with the
 * most free slots; among equals to the next after the one that was given something last. One that nobody can take blocks nobody.
 */
export function assign(
  candidates: readonly Candidate[],
  hostsOfTarget: ReadonlyMap<number, readonly Host[]>,
  lastSession: number,
): Assignment[] {
  const free = new Map<number, number>();
  for (const host of [...hostsOfTarget.values()].flat()) free.set(host.id, host.freeSlots);
  const assignments: Assignment[] = [];
  let last = lastSession;
  for (const candidate of candidates.toSorted(compareCandidates)) {
    const hosts = hostsOfTarget.get(candidate.target) ?? [];
    const host = chooseHost(candidate, hosts, free, last);
    if (host === undefined) continue;
    free.set(host.id, (free.get(host.id) ?? 0) - 1);
    assignments.push({ execution: candidate.id, host });
    last = host.id;
  }
  return assignments;
}

function compareCandidates(a: Candidate, b: Candidate): number {
  return b.priority - a.priority || a.dueAt - b.dueAt || a.id - b.id;
}

function chooseHost(
  candidate: Candidate,
  hosts: readonly Host[],
  free: ReadonlyMap<number, number>,
  last: number,
): Host | undefined {
  const staying = (host: Host): boolean => !host.isDraining && (!host.isSaturated || candidate.isAwaited);
  const leaving = (host: Host): boolean => host.isDraining && candidate.neededBy.includes(host.id);
  return freest(hosts.filter(staying), free, last) ?? freest(hosts.filter(leaving), free, last);
}

function freest(hosts: readonly Host[], free: ReadonlyMap<number, number>, last: number): Host | undefined {
  let chosen: Host | undefined;
  let most = 0;
  for (const host of hosts) {
    const slots = free.get(host.id) ?? 0;
    if (slots === 0 || slots < most) continue;
    if (slots > most || chosen === undefined || comesSooner(host.id, chosen.id, last)) chosen = host;
    most = slots;
  }
  return chosen;
}

/** Whether `a` comes before `b` when counting upwards from the one after `last`, and again from the start. */
function comesSooner(a: number, b: number, last: number): boolean {
  return a > last === b > last ? a < b : a > last;
}
