import { durationMs, optionSchemas, retriesLimit } from "./option-schemas.ts";
import * as z from "zod";
import {
  ARGUMENTS_LIMIT,
  IDEMPOTENCY_KEY_LIMIT,
  ID_LIMIT,
  PAGE_LIMIT,
  RESULT_WAIT_LIMIT_MS,
  RETRIES_LIMIT,
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
import { isObject } from "../base/json.ts";
import { logLevels } from "./agent-messages.ts";
import { parseStepId } from "./ids.ts";
import { runStatuses } from "./views.ts";

// What routes of the HTTP API take as query and as body. Texts of a query are turned into what they say; members not named here are refused.

const projectName = name(isProjectName, projectNameRule);
const environmentName = name(isEnvironmentName, environmentNameRule);
/** Text that only its maker understands. */
const cursor = z.string().regex(/^[\x21-\x7e]{1,100}$/, "a cursor from an earlier answer is expected");
/** Taken as it is: a schema for its members would lose one called `__proto__`. */
const jsonObject = z.custom<Readonly<Record<string, unknown>>>(isObject, "an object is expected");

const names = { project: `1 to 63 of \`a-z 0-9 -\``, environment: "segments joined by `/`: `development/joe`" };

export const createProjectBody = z.strictObject({
  id: projectName.describe(`its name: ${names.project}`),
});

export const createEnvironmentBody = z.strictObject({
  name: environmentName.describe(`its name: ${names.environment}`),
  base: environmentName.nullish().describe("the environment whose results the new one may use; default: none"),
});

const targetProblem = (target: unknown): string =>
  `${JSON.stringify(target)} is no target: a target is <repository>/<name>, as flows/hello; the repository: ${repositoryNameRule}`;
const retriesProblem = `a number of retries from 0 to ${RETRIES_LIMIT}, or {limit, backoffMinMs, backoffMaxMs}, is expected`;

const retries = z.union(
  [
    retriesLimit,
    z.strictObject({
      limit: retriesLimit.nullable(),
      backoffMinMs: durationMs.default(0),
      backoffMaxMs: durationMs.optional(),
    }),
  ],
  retriesProblem,
);

/** `POST E/runs`. Absent or null members are left to the workflow's manifest. */
export const startRunBody = z.strictObject({
  target: z
    .string()
    .max(TARGET_PATH_LIMIT)
    .refine((text) => parseTargetPath(text) !== undefined, { error: ({ input }) => targetProblem(input) })
    .describe("the workflow: `<repository>/<name>`"),
  arguments: z
    .array(z.unknown())
    .max(ARGUMENTS_LIMIT)
    .nullish()
    .describe(`one value for each argument, at most ${ARGUMENTS_LIMIT}; default: none`),
  params: jsonObject
    .nullish()
    .describe("instead of `arguments`: the members of the one object that the workflow takes"),
  idempotencyKey: z
    .string()
    .min(1)
    .max(IDEMPOTENCY_KEY_LIMIT)
    .nullish()
    .describe(
      "the same key with the same target and arguments gives the same run, for as long as that is kept; the header `Idempotency-Key` says the same",
    ),
  delayMs: optionSchemas.delayMs.nullish().describe("the run is due after this long"),
  priority: optionSchemas.priority.nullish().describe("larger goes first; default: 0"),
  timeoutMs: optionSchemas.timeoutMs.nullish().describe("counted from the start of the function; default: none"),
  retries: retries
    .nullish()
    .describe("how many, or `{limit, backoffMinMs, backoffMaxMs}`; `limit: null` is without end; default: none"),
  isolation: optionSchemas.isolation.nullish().describe("`process`: each execution in a process of its own"),
});
export type StartRunBody = z.output<typeof startRunBody>;

export const listRunsQuery = z.strictObject({
  status: z
    .enum(runStatuses)
    .optional()
    .describe(`only runs of this status: ${runStatuses.map((status) => `\`${status}\``).join(", ")}`),
  target: z.string().min(1).max(TARGET_PATH_LIMIT).optional().describe("only runs of this workflow"),
  limit: wholeNumber(1, PAGE_LIMIT).default(50).describe(`runs on a page, 1 to ${PAGE_LIMIT}; default: 50`),
  cursor: cursor.optional().describe("the `cursor` of the page before"),
});

export const resultQuery = z.strictObject({
  waitMs: wholeNumber(0, RESULT_WAIT_LIMIT_MS)
    .default(0)
    .describe(`how long to wait for a run that is not final, 0 to ${RESULT_WAIT_LIMIT_MS}; default: 0`),
});

const stepProblem = "a number or id of a step is expected";

export const logsQuery = z.strictObject({
  step: z
    .string()
    .max(ID_LIMIT)
    .refine((text) => /^[1-9]\d{0,9}$/.test(text) || parseStepId(text) !== undefined, stepProblem)
    .optional()
    .describe("only of this step of the run: its number or its id"),
  attempt: wholeNumber(1, 1_000_000_000).optional().describe("only of this attempt"),
  level: z
    .enum(logLevels)
    .optional()
    .describe(`only this level and those after it: ${logLevels.map((level) => `\`${level}\``).join(", ")}`),
  after: cursor.optional().describe("the `cursor` of an earlier answer: only what came after it"),
  limit: wholeNumber(1, PAGE_LIMIT).default(100).describe(`lines on a page, 1 to ${PAGE_LIMIT}; default: 100`),
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
