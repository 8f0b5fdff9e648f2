import { InvalidArgumentError } from "commander";
import type { Ms } from "../../base/clock.ts";
import { parseDuration } from "../../base/duration.ts";
import { RETRIES_LIMIT } from "../../protocol/limits.ts";

// What stands behind a flag, read into what it means. commander catches `InvalidArgumentError` and names the flag.

export function durationOption(text: string): Ms {
  const parsed = parseDuration(text);
  if (parsed.ok) return parsed.value;
  throw new InvalidArgumentError("Write a number with its unit, at most ten years: 250ms, 30s, 10m, 2h, 7d.");
}

/** For what cannot take no time at all. */
export function positiveDurationOption(text: string): Ms {
  const duration = durationOption(text);
  if (duration > 0) return duration;
  throw new InvalidArgumentError("It must be longer than that: 1ms at least.");
}

/** `1s` or `1s,30s`: the shortest and the longest. */
export function durationRangeOption(text: string): readonly [Ms, Ms] {
  const [first = "", second = first, ...rest] = text.split(",");
  if (rest.length > 0) throw new InvalidArgumentError('Write one duration or two: "1s" or "1s,30s".');
  const range = [durationOption(first), durationOption(second)] as const;
  if (range[0] > range[1]) throw new InvalidArgumentError("The first duration is longer than the second.");
  return range;
}

export function wholeNumberOption(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = wholeNumber(text);
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

export function retriesOption(text: string): number | "unlimited" {
  if (text === "unlimited") return text;
  const value = wholeNumber(text);
  if (value >= 0 && value <= RETRIES_LIMIT) return value;
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${RETRIES_LIMIT}, or unlimited.`);
}

function wholeNumber(text: string): number {
  return /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

export function nonEmptyOption(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("It must not be empty.");
  return text;
}

export type Tags = Readonly<Record<string, readonly string[]>>;

/** `region=eu`; given several times, all of them count, also several values of one key. */
export function tagOption(text: string, tags: Tags = {}): Tags {
  const [, key, value] = /^([A-Za-z0-9_.-]{1,30})=([A-Za-z0-9_./:-]{1,30})$/.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError('Write a tag as "key=value".');
  return { ...tags, [key]: [...(tags[key] ?? []), value] };
}
