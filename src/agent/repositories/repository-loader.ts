import type { Clock, Ms } from "../../base/clock.ts";
import { type Result, ok } from "../../base/result.ts";
import type { Builder } from "./build.ts";
import type { Bundle } from "./bundle.ts";
import { type LoadedManifest, type WhyUnfit, whyEmptied, whyTooLarge } from "./loaded-manifest.ts";
import type { SourceWatcher } from "./watch.ts";

/** Other manifests than before, from other code. */
export interface Loaded {
  readonly manifests: readonly LoadedManifest[];
  /** Empty at the first load. */
  readonly before: readonly LoadedManifest[];
  readonly tookMs: Ms;
}

export interface RepositoryLoader {
  /** Loads what lies on the disk now. One load at a time: what changes meanwhile is loaded after it. Resolves when nothing is left to load. */
  load(): Promise<void>;
}

export interface RepositoryLoaderParts {
  readonly clock: Clock;
  readonly builder: Builder;
  /** Tries a bundle, and uses it from then on if it is good and nothing speaks against what it defines. */
  readonly use: (bundle: Bundle, whyUnfit: WhyUnfit) => Promise<Result<readonly LoadedManifest[], string>>;
  readonly watcher: SourceWatcher | undefined;
  /** What to watch while nothing was ever built: the files that were named. */
  readonly named: readonly string[];
  onLoaded(loaded: Loaded): void;
  /** What was broken is again as it was before, and still in use. */
  onMended(): void;
  /** What lies on the disk cannot be used, and nothing has changed. The text is for people; the same one is not told twice in a row. */
  onBroken(error: string, isFirst: boolean): void;
}

/** Sources to manifests, again and again: only what is whole and good takes the place of what was there. */
export function createRepositoryLoader(parts: RepositoryLoaderParts): RepositoryLoader {
  const { clock, builder, watcher } = parts;
  let manifests: readonly LoadedManifest[] = [];
  let sources = parts.named;
  let isLoading = false;
  let isStale = false;
  /** What was wrong with the last load; undefined when it was good. */
  let lastError: string | undefined;

  const isInUse = ({ repositories }: Bundle): boolean =>
    manifests.length > 0 && repositories.every(({ version }, index) => version === manifests[index]?.manifest.version);

  /** The manifests of what lies on the disk; the very same ones when that is in use already. */
  const loadOnce = async (): Promise<Result<readonly LoadedManifest[], string>> => {
    const built = await builder.build();
    if (!built.ok) return built;
    sources = built.value.sources;
    if (isInUse(built.value)) return ok(manifests);
    return await parts.use(built.value, (loaded) => whyTooLarge(loaded) ?? whyEmptied(manifests, loaded));
  };

  const loadAndTell = async (): Promise<void> => {
    const startedAt = clock.monotonic();
    const before = manifests;
    const errorBefore = lastError;
    const loaded = await loadOnce();
    watcher?.follow(sources, !loaded.ok);
    lastError = loaded.ok ? undefined : loaded.error;
    if (!loaded.ok) {
      if (loaded.error !== errorBefore) parts.onBroken(loaded.error, before.length === 0);
    } else if (loaded.value === before) {
      if (errorBefore !== undefined) parts.onMended();
    } else {
      manifests = loaded.value;
      parts.onLoaded({ manifests, before, tookMs: clock.monotonic() - startedAt });
    }
  };

  return {
    async load() {
      isStale = true;
      if (isLoading) return;
      isLoading = true;
      while (isStale) {
        isStale = false;
        await loadAndTell();
      }
      isLoading = false;
    },
  };
}
