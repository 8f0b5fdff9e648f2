import type { Cancel, Ms, Timers } from "../base/clock.ts";

/** Lets few processes start at a time: loading their code is most of what a start costs, and fifty at once would stall everything else. */
export interface SpawnQueue {
  /** Runs `spawn` when it is its turn. `spawn` is given what it calls as soon as the costly part is over; the slot is free then. */
  enter(spawn: (loaded: () => void) => void): Cancel;
}

/** A slot is given back at the latest after `slotMs`: a start that hangs must not hold up the others. */
export function createSpawnQueue(atOnce: number, slotMs: Ms, timers: Timers): SpawnQueue {
  const waiting: ((loaded: () => void) => void)[] = [];
  let running = 0;

  const next = (): void => {
    const spawn = running < atOnce ? waiting.shift() : undefined;
    if (spawn === undefined) return;
    running += 1;
    let isOver = false;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      cancel();
      running -= 1;
      next();
    };
    const cancel = timers.after(slotMs, over);
    spawn(over);
    next();
  };

  return {
    enter(spawn) {
      waiting.push(spawn);
      next();
      return () => {
        const index = waiting.indexOf(spawn);
        if (index >= 0) waiting.splice(index, 1);
      };
    },
  };
}
