import type { Cancel, Clock, Ms, Timers } from "../base/clock.ts";
import { CLOCK_LOOK_MS } from "../protocol/limits.ts";

export interface WakeUp {
  /** Looks anew at what is due next; called after every batch. */
  update(): void;
  stop(): void;
}

export interface WakeUpParts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** In wall time; null: never by itself. */
  readonly nextDueAt: () => Ms | null;
  readonly onDue: () => void;
}

/** One timer for the earliest moment at which something is due, in wall time. It fires at that moment or later, never earlier. */
export function createWakeUp({ clock, timers, nextDueAt, onDue }: WakeUpParts): WakeUp {
  let armedFor: Ms | null = null;
  let cancel: Cancel = () => undefined;

  const update = (): void => {
    const at = nextDueAt();
    if (at === armedFor) return;
    cancel();
    armedFor = at;
    if (at !== null) cancel = timers.after(Math.min(CLOCK_LOOK_MS, Math.max(0, at - clock.now())), fire);
  };

  const fire = (): void => {
    const isDue = armedFor !== null && clock.now() >= armedFor;
    armedFor = null;
    if (isDue) onDue();
    else update();
  };

  return {
    update,
    stop() {
      cancel();
      armedFor = null;
    },
  };
}
