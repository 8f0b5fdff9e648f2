import type { Ms } from "./clock.ts";
import { type Result, failure, ok } from "./result.ts";

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof unitMs;

/** A length of time as people write it: `"250ms"`, `"30s"`, `"1.5h"`, or an object such as `{ minutes: 10 }`. */
export type Duration = `${number}${Unit}` | DurationParts;

/** The parts are added up; each may be fractional, none negative. */
export interface DurationParts {
  readonly milliseconds?: number;
  readonly seconds?: number;
  readonly minutes?: number;
  readonly hours?: number;
  readonly days?: number;
}

/** The longest duration that is accepted: ten years. */
export const DURATION_LIMIT_MS = 3_650 * unitMs.d;

const pattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const partMs = {
  milliseconds: unitMs.ms,
  seconds: unitMs.s,
  minutes: unitMs.m,
  hours: unitMs.h,
  days: unitMs.d,
} as const;

/** Reads a duration into whole milliseconds, or says in one sentence what is wrong with it. */
export function parseDuration(input: unknown): Result<Ms, string> {
  const ms = typeof input === "string" ? textMs(input) : objectMs(input);
  if (ms === undefined || !Number.isFinite(ms) || ms < 0) {
    return failure(`${describe(input)} is not a duration: write "250ms", "30s", "10m", "2h", "7d" or { seconds: 30 }`);
  }
  if (ms > DURATION_LIMIT_MS) return failure(`${describe(input)} is longer than the limit of 3650 days`);
  return ok(Math.round(ms));
}

/** Milliseconds as a person reads them: `0.4s`, `12s`, `3m 5s`, `2h 10m`, `4d 3h`. */
export function formatDuration(ms: Ms): string {
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h ${Math.floor((seconds % 3_600) / 60)}m`;
  return `${Math.floor(seconds / 86_400)}d ${Math.floor((seconds % 86_400) / 3_600)}h`;
}

function textMs(input: string): number | undefined {
  const [, amount, unit] = pattern.exec(input.trim()) ?? [];
  return amount === undefined || !isUnit(unit) ? undefined : Number(amount) * unitMs[unit];
}

function objectMs(input: unknown): number | undefined {
  if (typeof input !== "object" || input === null || Object.keys(input).length === 0) return undefined;
  let total = 0;
  for (const [part, amount] of Object.entries(input)) {
    if (!isPart(part) || typeof amount !== "number" || !(amount >= 0)) return undefined;
    total += amount * partMs[part];
  }
  return total;
}

function isUnit(text: string | undefined): text is Unit {
  return text !== undefined && Object.hasOwn(unitMs, text);
}

function isPart(text: string): text is keyof typeof partMs {
  return Object.hasOwn(partMs, text);
}

function describe(input: unknown): string {
  return typeof input === "bigint" ? `${input}n` : (JSON.stringify(input) ?? String(input));
}
