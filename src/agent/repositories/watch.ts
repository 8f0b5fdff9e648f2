import { type FSWatcher, watch } from "node:fs";
import { dirname, join } from "node:path";
import type { Cancel, Timers } from "../../base/clock.ts";
import { WATCH_QUIET_MS } from "../limits.ts";

/** Watches source files, by their directories: editors replace files, and one that is missing may be created. */
export interface SourceWatcher {
  /** What to watch from now on. After a build that failed, anything beside the sources may be the cure, so everything there counts. */
  follow(sources: readonly string[], isBroken: boolean): void;
  close(): void;
}

/** Calls `onChange` when files have changed, once for changes that come together. */
export function watchSources(timers: Timers, onChange: () => void): SourceWatcher {
  let watchers: FSWatcher[] = [];
  let cancel: Cancel = () => undefined;

  const changed = (): void => {
    cancel();
    cancel = timers.after(WATCH_QUIET_MS, onChange);
  };

  const watchDirectory = (directory: string, isSource: (path: string) => boolean): FSWatcher[] => {
    try {
      const watcher = watch(directory, (_event, name) => {
        if (name === null || isSource(join(directory, name))) changed();
      });
      watcher.on("error", changed); // The directory is gone; whether that matters, a build will show.
      return [watcher];
    } catch {
      return []; // It does not exist now. What is built next says so, or does not need it.
    }
  };

  return {
    follow(sources, isBroken) {
      const old = watchers;
      const known = new Set(sources);
      // All anew each time: a directory that was replaced (another branch was checked out) is another one under the same name.
      const directories = new Set(sources.map((file) => dirname(file)));
      watchers = [...directories].flatMap((directory) =>
        watchDirectory(directory, (path) => isBroken || known.has(path)),
      );
      for (const watcher of old) watcher.close();
    },
    close() {
      cancel();
      for (const watcher of watchers) watcher.close();
      watchers = [];
    },
  };
}
