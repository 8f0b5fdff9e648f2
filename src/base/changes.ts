import type { Ms, Timers } from "./clock.ts";

/** Where to wait until something is so: whoever changes what that may depend on says so, and all who wait look again. */
export interface Changes {
  /** Something has changed. */
  tell(): void;
  /** Resolves as soon as this is true: at once, or after a change; or when so long has passed without it. */
  until(isSo: () => boolean, withinMs?: Ms): Promise<void>;
}

export function createChanges(timers: Timers): Changes {
  const looks = new Set<() => void>();
  return {
    tell() {
      for (const look of looks) look();
    },
    async until(isSo, withinMs) {
      if (isSo()) return;
      await new Promise<void>((resolve) => {
        const end = (): void => {
          cancel();
          looks.delete(look);
          resolve();
        };
        const look = (): void => {
          if (isSo()) end();
        };
        const cancel = withinMs === undefined ? () => undefined : timers.after(withinMs, end);
        looks.add(look);
      });
    },
  };
}
