import type { Ms } from "../base/clock.ts";

/** What the registry knows of an environment, as far as it decides whether its orchestrator must run. */
export interface Desire {
  readonly isArchived: boolean;
  /** It had something to do when it was last heard of: after a restart of the server it comes back by itself. */
  readonly isWanted: boolean;
  /** When it has something to do again, in wall time. */
  readonly nextWakeAt: Ms | null;
  /** No process, and none on its way: also false in back-off and quarantine, which end by their own rules. */
  readonly isStopped: boolean;
}

/** Which orchestrators to start now although nobody asks for them, and when to look again (null: not because of time). */
export function desiredChildren<E extends Desire>(
  environments: readonly E[],
  now: Ms,
): { readonly start: readonly E[]; readonly nextAt: Ms | null } {
  const stopped = environments.filter((environment) => environment.isStopped && !environment.isArchived);
  const isDue = (environment: E): boolean =>
    environment.isWanted || (environment.nextWakeAt !== null && environment.nextWakeAt <= now);
  const later = stopped.filter((environment) => !isDue(environment)).map(({ nextWakeAt }) => nextWakeAt ?? Infinity);
  const nextAt = Math.min(Infinity, ...later);
  return { start: stopped.filter(isDue), nextAt: Number.isFinite(nextAt) ? nextAt : null };
}
