import type { Cancel, Clock, Ms, Timers } from "../base/clock.ts";
import { createLeases } from "./leases.ts";
import { OWN_STALL_MS } from "./limits.ts";

export interface LeaseWatch {
  /** The session's agent gave a sign of life. */
  renew(session: string): void;
  drop(session: string): void;
  /** Sessions that have a lease. */
  count(): number;
  stop(): void;
}

export interface LeaseWatchParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly leaseMs: Ms;
}

/** Calls `onExpired` for each session `leaseMs` after its last sign of life. A stall of our own is no silence of theirs. */
export function createLeaseWatch(parts: LeaseWatchParts, onExpired: (session: string) => void): LeaseWatch {
  const { clock, timers, leaseMs } = parts;
  const leases = createLeases(leaseMs);
  let cancel: Cancel | null = null;

  const arm = (at: Ms): void => {
    cancel = timers.after(Math.max(0, at - clock.monotonic()), () => look(at));
  };

  const look = (plannedAt: Ms): void => {
    cancel = null;
    const now = clock.monotonic();
    if (now - plannedAt > OWN_STALL_MS) return arm(now + OWN_STALL_MS);
    for (const session of leases.takeExpired(now)) onExpired(session);
    const nextEndAt = leases.nextEndAt();
    if (nextEndAt !== null) arm(nextEndAt);
  };

  return {
    renew(session) {
      leases.renew(session, clock.monotonic());
      if (cancel === null) arm(clock.monotonic() + leaseMs);
    },
    drop: (session) => leases.drop(session),
    count: () => leases.count(),
    stop() {
      cancel?.();
      cancel = null;
    },
  };
}
