import { resolve } from "node:path";
import type { Clock, Timers } from "../../base/clock.ts";
import type { Result } from "../../base/result.ts";
import type { AgentEvent, AgentRepository } from "../../protocol/agent-run.ts";
import type { Manifest } from "../../protocol/manifest.ts";
import { createBuilder } from "./build.ts";
import type { Bundle } from "./bundle.ts";
import { reportBroken, reportLoaded, reportMended } from "./load-report.ts";
import type { LoadedManifest, WhyUnfit } from "./loaded-manifest.ts";
import { createRepositoryLoader } from "./repository-loader.ts";
import { watchSources } from "./watch.ts";

export interface HostingParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly repositories: readonly AgentRepository[];
  readonly workingDirectory: string;
  readonly temporaryDirectory: string;
  readonly sdkDirectory: string;
  /** Reload when a source file changes. */
  readonly isWatching: boolean;
  /** Tries a bundle, and uses it from then on if it is good and nothing speaks against what it defines. */
  readonly use: (bundle: Bundle, whyUnfit: WhyUnfit) => Promise<Result<readonly LoadedManifest[], string>>;
  /** Other code is in use. */
  onManifests(manifests: readonly Manifest[]): void;
  /** The first load failed, and nothing would ever load again. */
  onHopeless(): void;
  readonly onEvent: (event: AgentEvent) => void;
}

/** The repositories of an agent: built, tried, watched, and told about. */
export interface Hosting {
  /** The first load, and the only one when nothing is watched. */
  load(): Promise<void>;
  close(): Promise<void>;
}

export async function openHosting(parts: HostingParts): Promise<Hosting> {
  const { workingDirectory, onEvent } = parts;
  const watcher = parts.isWatching ? watchSources(parts.timers, () => void loader.load()) : undefined;
  const builder = await createBuilder({
    repositories: parts.repositories,
    workingDirectory,
    directory: parts.temporaryDirectory,
    sdk: { directory: parts.sdkDirectory },
  });
  const loader = createRepositoryLoader({
    clock: parts.clock,
    builder,
    use: parts.use,
    watcher,
    named: parts.repositories.map(({ path }) => resolve(workingDirectory, path)),
    onLoaded(loaded) {
      for (const event of reportLoaded(loaded)) onEvent(event);
      parts.onManifests(loaded.manifests.map(({ manifest }) => manifest));
    },
    onMended: () => onEvent(reportMended()),
    onBroken(error, isFirst) {
      onEvent(reportBroken(error, { isFirst, isWatching: watcher !== undefined }));
      if (isFirst && watcher === undefined) parts.onHopeless();
    },
  });
  return {
    async load() {
      await loader.load();
      if (watcher === undefined) await builder.dispose();
    },
    async close() {
      watcher?.close();
      await builder.dispose();
    },
  };
}
