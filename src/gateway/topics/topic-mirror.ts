import { type Patch, applyInPlace } from "../../protocol/patch.ts";

/**
 * A copy of a topic's value, kept up to date by its patches. It owns the value and changes it in place.
 */
export interface TopicMirror {
  /** The version of the newest value or patch; 0 before the first value. */
  version(): number;
  value(): unknown;
  replace(version: number, value: unknown): void;
  /** False when the patch does not follow what is here or does not fit it: the value must be asked for again. */
  apply(version: number, patch: Patch): boolean;
}

export function createTopicMirror(): TopicMirror {
  let version = 0;
  let value: unknown;

  return {
    version: () => version,
    value: () => value,
    replace(newVersion, newValue) {
      version = newVersion;
      value = newValue;
    },
    apply(newVersion, patch) {
      if (version === 0 || newVersion !== version + 1) return false;
      version = newVersion;
      const applied = applyInPlace(value, patch);
      if (applied.ok) value = applied.value;
      return applied.ok;
    },
  };
}
