import { setTimeout as delay } from "node:timers/promises";
import { CommandError } from "../command-error.ts";
import { exitCodes } from "../exit-codes.ts";
import { POLL_MS, UNREACHABLE_LIMIT_MS } from "../limits.ts";

/** Asks again while the server or the environment is away, for a command that follows something; at most for `UNREACHABLE_LIMIT_MS`. */
export async function patiently<T>(isPatient: boolean, ask: () => Promise<T>): Promise<T> {
  const end = performance.now() + UNREACHABLE_LIMIT_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isPassing = error instanceof CommandError && error.exitCode === exitCodes.unreachable;
      if (!isPatient || !isPassing || performance.now() > end) throw error;
      await delay(POLL_MS);
    }
  }
}
