import { exitCodes } from "../exit-codes.ts";

/**
 * Ctrl-C (or SIGTERM) while a command waits: the first asks it to stop, in its own way; a second ends the process at once, after `restore` has
 * put the terminal in order.
 */
export function listenForInterrupt(onFirst: () => void, restore: () => void): () => void {
  let count = 0;
  const onSignal = (): void => {
    count += 1;
    if (count === 1) return onFirst();
    restore();
    process.exit(exitCodes.interrupted);
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}
