import type { Manifest } from "../../protocol/manifest.ts";
import { pack } from "../../process/pack.ts";
import { MESSAGE_LIMIT_BYTES } from "../../protocol/limits.ts";

/** What a repository turned out to define when it was loaded. */
export interface LoadedManifest {
  readonly manifest: Manifest;
  /** Its source file. */
  readonly file: string;
  /** A hash of the code of each target's function, in the order of the targets. */
  readonly fingerprints: readonly string[];
}

/** Why what a bundle defines cannot take the place of what is in use; undefined when it can. */
export type WhyUnfit = (loaded: readonly LoadedManifest[]) => string | undefined;

/**
 * A repository that had targets and has none any more was hardly meant to withdraw them: an editor has emptied the file to write it, or a
 * part of it was commented out.
 */
export function whyEmptied(before: readonly LoadedManifest[], loaded: readonly LoadedManifest[]): string | undefined {
  const emptied = loaded.find(({ manifest }, index) => {
    return manifest.targets.length === 0 && (before[index]?.manifest.targets.length ?? 0) > 0;
  });
  if (emptied === undefined) return undefined;
  const advice = "export them again; to host it without targets, start the agent anew";
  return `${emptied.manifest.name} (${emptied.file}) exports no targets any more: ${advice}`;
}

/** Why these targets cannot be declared: all of them travel in one frame. Undefined when they can. */
export function whyTooLarge(loaded: readonly LoadedManifest[]): string | undefined {
  const bytes = pack(loaded.map(({ manifest }) => manifest)).byteLength;
  if (bytes <= MESSAGE_LIMIT_BYTES) return undefined;
  const advice = "shorten descriptions, or host the repositories on several agents";
  return `its targets take ${bytes} bytes to declare, the limit is ${MESSAGE_LIMIT_BYTES}: ${advice}`;
}

/** What a reload changed, for people: `~checkout, +refund, -ship`; empty when no target looks different. */
export function describeChanges(before: LoadedManifest | undefined, after: LoadedManifest): string {
  const old = fingerprintsByName(before);
  const young = fingerprintsByName(after);
  const kept = [...young].filter(([name]) => old.has(name));
  const changed = kept.filter(([name, fingerprint]) => old.get(name) !== fingerprint).map(([name]) => `~${name}`);
  const added = [...young.keys()].filter((name) => !old.has(name)).map((name) => `+${name}`);
  const removed = [...old.keys()].filter((name) => !young.has(name)).map((name) => `-${name}`);
  return [...changed, ...added, ...removed].join(", ");
}

/** Name -> everything about a target, as text. */
function fingerprintsByName(loaded: LoadedManifest | undefined): Map<string, string> {
  const targets = loaded?.manifest.targets ?? [];
  return new Map(targets.map((target, index) => [target.name, JSON.stringify([target, loaded?.fingerprints[index]])]));
}
