import type { Ms, Timers } from "../base/clock.ts";
import { errorText } from "../base/error-text.ts";

/** What was opened, closed in the reverse order: whoever opens something says on the next line how it is closed. */
export interface Scope {
  /** Registers a close. After `close` has been called it runs at once. */
  defer(name: string, close: () => void | Promise<void>): void;
  /**
   * Closes everything, the last opened first, one after the other; calling it again gives the same promise. What is not done when the time is
   * up is left behind. Resolves with a sentence for each close that failed or was left; it never rejects.
   */
  close(withinMs: Ms): Promise<readonly string[]>;
}

export function createScope(timers: Timers): Scope {
  const opened: { readonly name: string; readonly close: () => void | Promise<void> }[] = [];
  const problems: string[] = [];
  let closing: Promise<readonly string[]> | undefined;

  const closeOne = async (name: string, close: () => void | Promise<void>): Promise<void> => {
    try {
      await close();
    } catch (error) {
      problems.push(`${name} did not close: ${errorText(error)}`);
    }
  };

  const closeAll = async (withinMs: Ms): Promise<readonly string[]> => {
    let current = "";
    const all = (async () => {
      for (let next = opened.pop(); next !== undefined; next = opened.pop()) {
        current = next.name;
        await closeOne(next.name, next.close);
      }
      return true;
    })();
    const isDone = await within(all, withinMs, timers);
    if (isDone === undefined) problems.push(`${current} did not close within ${withinMs} ms`);
    return [...problems];
  };

  return {
    defer(name, close) {
      if (closing === undefined) opened.push({ name, close });
      else void closeOne(name, close);
    },
    close(withinMs) {
      closing ??= closeAll(withinMs);
      return closing;
    },
  };
}

/** What the promise gives, or undefined when the time is up first. */
export async function within<T>(promise: Promise<T>, withinMs: Ms, timers: Timers): Promise<T | undefined> {
  let cancel = (): void => undefined;
  const timeUp = new Promise<undefined>((resolve) => {
    cancel = timers.after(withinMs, () => resolve(undefined));
  });
  try {
    return await Promise.race([promise, timeUp]);
  } finally {
    cancel();
  }
}
