import { type Duration, parseDuration } from "../base/duration.ts";
import { isObject } from "../base/json.ts";
import { PRIORITY_LIMIT, RETRIES_LIMIT } from "../protocol/limits.ts";
import { type RetryPolicy, type TargetOptions, noOptions } from "../protocol/manifest.ts";
import { isTargetName, targetNameRule } from "../protocol/names.ts";

/** When and how often something is tried again. */
export interface Retries {
  /** Retries, not attempts. Default: without end. */
  readonly limit?: number | undefined;
  /** The wait before each retry: constant, or growing evenly from the first to the last. Default: none; without a limit, 1 s to 60 s. */
  readonly backoff?: Duration | readonly [Duration, Duration] | undefined;
}

/** What may be said for one call: `target.with(options)`. What is absent is left to the target's own options. */
export interface CallOptions {
  /** How many times, `true` for without end (1 s to 60 s apart), or in detail. Default: 0. */
  readonly retries?: number | boolean | Retries | undefined;
  /** Counted from the start of the function, in each attempt anew. Default: none. */
  readonly timeout?: Duration | undefined;
  /** From the call until the execution may start. Default: none. */
  readonly delay?: Duration | undefined;
  /** Larger goes first; a whole number. Default: 0. */
  readonly priority?: number | undefined;
  /** `process`: every execution in a process of its own. Default: `shared`. */
  readonly isolation?: "shared" | "process" | undefined;
}

/** What may be said where a workflow or task is defined. */
export interface DefinitionOptions extends Omit<CallOptions, "retries"> {
  /** As for a call; `when` decides, with the error at hand, whether it is worth a retry. */
  readonly retries?:
    | number
    | boolean
    | (Retries & { readonly when?: ((error: unknown) => boolean) | undefined })
    | undefined;
  /** For people: `coflux workflows show`. */
  readonly description?: string | undefined;
  /** Default: the name of the export. Keeps history and callers when the export is renamed. */
  readonly name?: string | undefined;
}

/** The options of a definition, split into what travels and what stays. */
interface DeclaredOptions {
  readonly name: string | null;
  readonly description: string | null;
  readonly options: TargetOptions;
  readonly retriesWhen: ((error: unknown) => boolean) | null;
}

/** Checks the options of a call. Throws a TypeError that names the option and the target; `others` are options that it has besides. */
export function readCallOptions(options: CallOptions, what: string, others: readonly string[] = []): TargetOptions {
  return readWith(callReaders, options, what, noOptions, others);
}

/** Checks the options of a definition. Throws a TypeError that names the option and the target. */
export function readDefinitionOptions(options: DefinitionOptions, what: string): DeclaredOptions {
  const { name, description, retriesWhen, ...travelling } = readWith(definitionReaders, options, what, {
    ...noOptions,
    name: null,
    description: null,
    retriesWhen: null,
  });
  return { name, description, retriesWhen, options: travelling };
}

/** Takes what was given for an option and returns the members of `T` that it sets; a text says what is wrong with it. */
type Reader<T> = (input: unknown) => Partial<T> | string;
type Readers<T> = Readonly<Record<string, Reader<T>>>;

/** The waits of retries without end: short enough to notice a recovery, long enough not to hinder it. */
const endlessBackoff = ["1s", "60s"] as const;

const callReaders: Readers<TargetOptions> = {
  retries: (input) => setting("retries", readRetries(input, ["limit", "backoff"])),
  timeout: (input) => setting("timeoutMs", readDuration(input, 1)),
  delay: (input) => setting("delayMs", readDuration(input, 0)),
  priority: (input) =>
    isWhole(input, -PRIORITY_LIMIT, PRIORITY_LIMIT)
      ? { priority: input }
      : `must be a whole number from -${PRIORITY_LIMIT} to ${PRIORITY_LIMIT}`,
  isolation: (input) =>
    input === "shared" || input === "process" ? { isolation: input } : 'must be "shared" or "process"',
};

const definitionReaders: Readers<TargetOptions & Omit<DeclaredOptions, "options">> = {
  ...callReaders,
  retries(input) {
    const retries = readRetries(input, ["limit", "backoff", "when"]);
    if (typeof retries === "string") return retries;
    const when = isObject(input) ? input["when"] : undefined;
    if (when === undefined) return { retries };
    return isPredicate(when) ? { retries, retriesWhen: when } : "needs a function as when";
  },
  name: (input) => (typeof input === "string" && isTargetName(input) ? { name: input } : `must be ${targetNameRule}`),
  description: (input) => (typeof input === "string" ? { description: input } : "must be text"),
};

function readWith<T extends object>(
  readers: Readers<T>,
  options: object,
  what: string,
  defaults: T,
  others: readonly string[] = [],
): T {
  if (!isObject(options)) throw new TypeError(`the options of ${what} must be an object`);
  const read = { ...defaults };
  for (const [option, input] of Object.entries(options)) {
    if (input === undefined) continue;
    const reader = Object.hasOwn(readers, option) ? readers[option] : undefined;
    if (reader === undefined) {
      const known = [...Object.keys(readers), ...others].join(", ");
      throw new TypeError(`${what} has no option "${option}"; there are ${known}`);
    }
    const setting = reader(input);
    if (typeof setting === "string") throw new TypeError(`option "${option}" of ${what} ${setting}`);
    Object.assign(read, setting);
  }
  return read;
}

function readRetries(input: unknown, members: readonly string[]): RetryPolicy | string {
  if (input === true) return readRetries({}, members);
  if (input === false) return readRetries({ limit: 0 }, members);
  if (typeof input === "number") return readRetries({ limit: input }, members);
  if (!isObject(input)) return "must be a number, true or { limit, backoff }";
  const unknown = Object.keys(input).find((key) => !members.includes(key));
  if (unknown !== undefined) return `has no member "${unknown}" here; there are ${members.join(", ")}`;
  const { limit = null, backoff = limit === null ? endlessBackoff : "0s" } = input;
  if (limit !== null && !isWhole(limit, 0, RETRIES_LIMIT))
    return `needs a whole number from 0 to ${RETRIES_LIMIT} as limit`;
  const [least, most] = Array.isArray(backoff) ? backoff : [backoff, backoff];
  const backoffMinMs = readDuration(least, 0);
  const backoffMaxMs = readDuration(most, 0);
  if (typeof backoffMinMs === "string") return `needs another backoff: it ${backoffMinMs}`;
  if (typeof backoffMaxMs === "string") return `needs another backoff: it ${backoffMaxMs}`;
  if (backoffMinMs > backoffMaxMs) return "needs a backoff that does not shrink: [shortest, longest]";
  return { limit, backoffMinMs, backoffMaxMs };
}

function readDuration(input: unknown, leastMs: number): number | string {
  const duration = parseDuration(input);
  if (!duration.ok) return `is wrong: ${duration.error}`;
  return duration.value >= leastMs ? duration.value : "must be longer than zero";
}

/** Passes on what is wrong, or makes a member of what is right. */
function setting<K extends string, V>(member: K, read: V | string): Partial<Record<K, V>> | string {
  return typeof read === "string" ? read : ({ [member]: read } as Record<K, V>); // The key is K: a computed key widens to string.
}

function isWhole(input: unknown, least: number, most: number): input is number {
  return typeof input === "number" && Number.isInteger(input) && input >= least && input <= most;
}

function isPredicate(input: unknown): input is (error: unknown) => boolean {
  return typeof input === "function";
}
