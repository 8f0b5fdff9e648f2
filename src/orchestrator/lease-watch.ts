import type { Cancel, Clock, Ms, Timers } from "../base/clock.ts";
import { LEASE_GRACE_MS, LEASE_MS } from "../protocol/limits.ts";
import { createLeases } from "./leases.ts";

/** A timer that fires later than this means that this process stood still: what agents said meanwhile is not read yet. */
const OWN_STALL_MS: Ms = 1_000;

export interface LeaseWatch {
  /** The session's agent gave a sign of life. */
  renew(session: string): void;
  drop(session: string): void;
  /** Sessions that have a lease. */
  count(): number;
  stop(): void;
}

/** Calls `onExpired` for each session `LEASE_MS + LEASE_GRACE_MS` after its last sign of life. A stall of our own is no silence of theirs. */
export function createLeaseWatch(clock: Clock, timers: Timers, onExpired: (session: string) => void): LeaseWatch {
  const leases = createLeases(LEASE_MS + LEASE_GRACE_MS);
  let cancel: Cancel | null = null;

  const arm = (at: Ms): void => {
    cancel = timers.after(Math.max(0, at - clock.monotonic()), () => look(at));
  };

  const look = (plannedAt: Ms): void => {
    cancel = null;
    const now = clock.monotonic();
    if (now - plannedAt > OWN_STALL_MS) return arm(now + OWN_STALL_MS);
    for (const session of leases.takeExpired(now)) onExpired(session);
    const next = leases.nextEnd();
    if (next !== null) arm(next);
  };

  return {
    renew(session) {
      leases.renew(session, clock.monotonic());
      if (cancel === null) arm(clock.monotonic() + LEASE_MS + LEASE_GRACE_MS);
    },
    drop: (session) => leases.drop(session),
    count: () => leases.count(),
    stop() {
      cancel?.();
      cancel = null;
    },
  };
}
