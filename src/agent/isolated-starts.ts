import type { ExecuteCommand } from "./executor.ts";

/**
 * The executions that want a process of their own, until that is started. Starting one takes all of a core; many at once would only make all
 * of them late.
 */
export interface IsolatedStarts {
  add(command: ExecuteCommand): void;
  /** One that was starting has loaded its code, or has ended before. */
  settled(): void;
  /** Takes back what was not started yet, all that `isMeant` says. */
  withdraw(isMeant: (command: ExecuteCommand) => boolean): readonly ExecuteCommand[];
}

export function createIsolatedStarts(limit: number, start: (command: ExecuteCommand) => void): IsolatedStarts {
  let waiting: ExecuteCommand[] = [];
  let starting = 0;

  const startNext = (): void => {
    while (starting < limit) {
      const next = waiting.shift();
      if (next === undefined) return;
      starting += 1;
      start(next);
    }
  };

  return {
    add(command) {
      waiting.push(command);
      startNext();
    },
    settled() {
      starting -= 1;
      startNext();
    },
    withdraw(isMeant) {
      const withdrawn = waiting.filter(isMeant);
      waiting = waiting.filter((command) => !isMeant(command));
      return withdrawn;
    },
  };
}
