import * as z from "zod";
import {
  ARGUMENTS_LIMIT,
  IDEMPOTENCY_KEY_LIMIT,
  PAGE_LIMIT,
  RESULT_WAIT_LIMIT_MS,
  TARGET_PATH_LIMIT,
} from "./limits.ts";
import {
  environmentNameRule,
  isEnvironmentName,
  isProjectName,
  parseTargetPath,
  projectNameRule,
  repositoryNameRule,
} from "./names.ts";
import { DURATION_LIMIT_MS } from "../base/duration.ts";
import { logLevels } from "./agent-messages.ts";
import { parseStepId } from "./ids.ts";
import { runStatuses } from "./views.ts";

// What routes of the HTTP API take as query and as body. Texts of a query are turned into what they say; members not named here are refused.

const projectName = name(isProjectName, projectNameRule);
const environmentName = name(isEnvironmentName, environmentNameRule);
const durationMs = z.int().min(0).max(DURATION_LIMIT_MS);
/** Text that only its maker understands. */
const cursor = z.string().regex(/^[\x21-\x7e]{1,100}$/, "a cursor from an earlier answer is expected");
/** Taken as it is: a schema for its members would lose one called `__proto__`. */
const jsonObject = z.custom<Readonly<Record<string, unknown>>>(
  (input) => typeof input === "object" && input !== null && !Array.isArray(input),
  "an object is expected",
);

export const createProjectBody = z.strictObject({ id: projectName });

export const createEnvironmentBody = z.strictObject({
  name: environmentName,
  /** The environment whose results the new one may use. Default: none. */
  base: environmentName.nullish(),
});

const targetProblem = `a target is <repository>/<name>; the repository: ${repositoryNameRule}`;

/** `POST E/runs`. Absent or null members are left to the workflow's manifest. */
export const startRunBody = z.strictObject({
  /** `<repository>/<name>` of a workflow. */
  target: z
    .string()
    .max(TARGET_PATH_LIMIT)
    .refine((text) => parseTargetPath(text) !== undefined, targetProblem),
  /** One value in API form for each argument. Default: none. */
  arguments: z.array(z.unknown()).max(ARGUMENTS_LIMIT).nullish(),
  /** Instead of `arguments`: the members of the one object that the workflow takes. */
  params: jsonObject.nullish(),
  /** The same key with the same target and arguments gives the same run. The header `Idempotency-Key` says the same. */
  idempotencyKey: z.string().min(1).max(IDEMPOTENCY_KEY_LIMIT).nullish(),
  delayMs: durationMs.nullish(),
  /** Larger goes first. */
  priority: z.int().min(-1_000_000).max(1_000_000).nullish(),
  timeoutMs: durationMs.min(1).nullish(),
  /** How many times, or how many and how long apart; `limit: null` is without end. */
  retries: z
    .union(
      [
        z.int().min(0).max(1_000_000),
        z.strictObject({
          limit: z.int().min(0).max(1_000_000).nullable(),
          backoffMinMs: durationMs.default(0),
          /** Default: like `backoffMinMs`. */
          backoffMaxMs: durationMs.optional(),
        }),
      ],
      "a number of retries from 0 to 1000000, or {limit, backoffMinMs, backoffMaxMs}, is expected",
    )
    .nullish(),
  isolation: z.enum(["shared", "process"]).nullish(),
});
export type StartRunBody = z.output<typeof startRunBody>;

export const listRunsQuery = z.strictObject({
  status: z.enum(runStatuses).optional(),
  target: z.string().min(1).max(TARGET_PATH_LIMIT).optional(),
  limit: wholeNumber(1, PAGE_LIMIT).default(50),
  /** The `cursor` of the page before. */
  cursor: cursor.optional(),
});

export const resultQuery = z.strictObject({
  /** Answers when the run is final, at the latest after this long. */
  waitMs: wholeNumber(0, RESULT_WAIT_LIMIT_MS).default(0),
});

export const logsQuery = z.strictObject({
  /** The number of a step of this run, or its id. */
  step: z
    .string()
    .max(64)
    .refine(
      (text) => /^[1-9]\d{0,9}$/.test(text) || parseStepId(text) !== undefined,
      "a number or id of a step is expected",
    )
    .optional(),
  attempt: wholeNumber(1, 1_000_000_000).optional(),
  /** This level and the ones above it. */
  level: z.enum(logLevels).optional(),
  /** The `cursor` of an earlier answer: only what came after it. */
  after: cursor.optional(),
  limit: wholeNumber(1, PAGE_LIMIT).default(100),
});

/** A name that breaks its rule has an error code of its own. */
function name(isName: (text: string) => boolean, rule: string) {
  return z.string().refine(isName, { error: `a name is ${rule}`, params: { code: "invalid_name" } });
}

/** A whole number written in a query. */
function wholeNumber(least: number, most: number) {
  const problem = `a whole number from ${least} to ${most} is expected`;
  return z
    .string()
    .regex(/^\d{1,15}$/, problem)
    .transform(Number)
    .refine((value) => value >= least && value <= most, problem);
}
