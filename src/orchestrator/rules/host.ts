/** A connected session that hosts a target. What is ready goes to hosts (assignment.ts), or waits for them with a reason (wait-reason.ts). */
export interface Host {
  readonly id: number;
  readonly sessionId: string;
  readonly freeSlots: number;
  /** It holds as many waiting executions as it may: it gets only what others wait for, because that is what ends a wait. */
  readonly isSaturated: boolean;
  /** It is about to leave: it gets only what its own executions need to come to their end, and only if nobody else has room. */
  readonly isDraining: boolean;
}
