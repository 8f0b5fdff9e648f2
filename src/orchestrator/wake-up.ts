import type { Cancel, Clock, Ms, Timers } from "../base/clock.ts";

export interface WakeUp {
  /** Looks anew at what is due next; called after every batch. */
  update(): void;
  stop(): void;
}

/** One timer for the earliest moment at which something is due, in wall time. It fires at that moment or later, never earlier. */
export function createWakeUp(clock: Clock, timers: Timers, nextDueAt: () => Ms | null, onDue: () => void): WakeUp {
  let armedFor: Ms | null = null;
  let cancel: Cancel = () => undefined;

  const update = (): void => {
    const at = nextDueAt();
    if (at === armedFor) return;
    cancel();
    armedFor = at;
    if (at !== null) cancel = timers.after(Math.min(LOOK_AGAIN_MS, Math.max(0, at - clock.now())), fire);
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

/** Timers count monotonic time, what is due is wall time: a clock that was set is noticed after this long at the latest. */
const LOOK_AGAIN_MS: Ms = 60_000;
