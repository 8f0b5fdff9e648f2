// Who may run now. An execution holds one of `concurrency` slots while its code runs. While it waits for others it yields its slot, and takes
// one again, ahead of new work, before it hears the last answer it waits for: so no number or depth of waiting callers can block an agent.
//
//   new --start--> running --wait--> waiting --last answer--> resuming --deliver--> running
//    |                |                 | any other answer is delivered at once: it still waits
//    +----------------+-----------------+----- end: gone, its slot is free

/** What may happen now, in this order. */
export type SlotGrant<A> =
  | { readonly kind: "start"; readonly execution: string }
  | { readonly kind: "deliver"; readonly execution: string; readonly answer: A };

export interface ExecutionSlots<A> {
  /** New work. */
  add(execution: string): SlotGrant<A>[];
  /** The execution asked for something that it waits for. */
  wait(execution: string): SlotGrant<A>[];
  /** What it waited for is here. */
  answer(execution: string, answer: A): SlotGrant<A>[];
  /** It waits for one thing less without having heard of it (a time limit passed): its code runs on, and takes the next free slot. */
  unwait(execution: string): SlotGrant<A>[];
  /** All its waits are over (it was aborted); what was held back is of no use any more. */
  unwaitAll(execution: string): SlotGrant<A>[];
  /** Its code has stopped, or will never start. */
  end(execution: string): SlotGrant<A>[];
  /** While held, nothing new starts. */
  hold(isHeld: boolean): SlotGrant<A>[];
  /** Executions that hold a slot, wait for others, and wait for a slot. */
  counts(): { readonly running: number; readonly waiting: number; readonly queued: number };
}

interface Entry<A> {
  /** How many of its requests are unanswered. */
  unanswered: number;
  holdsSlot: boolean;
  /** Answers that wait until it has a slot. */
  readonly withheld: A[];
}

export function createExecutionSlots<A>(limits: { concurrency: number; waiting: number }): ExecutionSlots<A> {
  const entries = new Map<string, Entry<A>>();
  const resuming = new Set<string>();
  const queued = new Set<string>();
  let used = 0;
  let isHeld = false;

  const release = (entry: Entry<A>): void => {
    if (entry.holdsSlot) used -= 1;
    entry.holdsSlot = false;
  };

  const take = (execution: string): Entry<A> => {
    const entry = entries.get(execution) ?? { unanswered: 0, holdsSlot: false, withheld: [] };
    entry.holdsSlot = true;
    used += 1;
    entries.set(execution, entry);
    return entry;
  };

  const deliverAll = (execution: string, entry: Entry<A>): SlotGrant<A>[] =>
    entry.withheld.splice(0).map((answer) => ({ kind: "deliver", execution, answer }));

  /** At the limit of waiting executions only one new one runs at a time: enough to get on, and the memory grows slowly. */
  const mayStart = (): boolean => !isHeld && (used === 0 || entries.size - used - resuming.size < limits.waiting);

  const grant = (): SlotGrant<A>[] => {
    const grants: SlotGrant<A>[] = [];
    for (const execution of resuming) {
      if (used >= limits.concurrency) return grants;
      resuming.delete(execution);
      grants.push(...deliverAll(execution, take(execution)));
    }
    for (const execution of queued) {
      if (used >= limits.concurrency || !mayStart()) return grants;
      queued.delete(execution);
      take(execution);
      grants.push({ kind: "start", execution });
    }
    return grants;
  };

  const resume = (execution: string, entry: Entry<A>): SlotGrant<A>[] => {
    if (!entry.holdsSlot) resuming.add(execution);
    return grant();
  };

  return {
    add(execution) {
      if (entries.has(execution)) return [];
      queued.add(execution);
      return grant();
    },
    wait(execution) {
      const entry = entries.get(execution);
      if (!entry) return [];
      entry.unanswered += 1;
      release(entry);
      resuming.delete(execution);
      return [...deliverAll(execution, entry), ...grant()]; // It waits again: what was held back needs no slot.
    },
    answer(execution, answer) {
      const entry = entries.get(execution);
      if (!entry) return [];
      entry.unanswered = Math.max(0, entry.unanswered - 1);
      if (entry.unanswered > 0) return [{ kind: "deliver", execution, answer }];
      entry.withheld.push(answer);
      if (entry.holdsSlot) return deliverAll(execution, entry);
      return resume(execution, entry);
    },
    unwait(execution) {
      const entry = entries.get(execution);
      if (!entry) return [];
      entry.unanswered = Math.max(0, entry.unanswered - 1);
      return entry.unanswered > 0 ? [] : resume(execution, entry);
    },
    unwaitAll(execution) {
      const entry = entries.get(execution);
      if (!entry) return [];
      entry.unanswered = 0;
      entry.withheld.length = 0;
      return resume(execution, entry);
    },
    end(execution) {
      const entry = entries.get(execution);
      if (entry) release(entry);
      entries.delete(execution);
      resuming.delete(execution);
      queued.delete(execution);
      return grant();
    },
    hold(held) {
      isHeld = held;
      return grant();
    },
    counts: () => ({ running: used, waiting: entries.size - used, queued: queued.size }),
  };
}
