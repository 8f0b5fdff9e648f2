import { optionSchemas } from "./option-schemas.ts";
import * as z from "zod";
import {
  ARGUMENTS_LIMIT,
  FRAME_LIMIT_BYTES,
  IDEMPOTENCY_KEY_LIMIT,
  ID_LIMIT,
  PAGE_LIMIT,
  RESULT_WAIT_LIMIT_MS,
  TARGET_PATH_LIMIT,
} from "./limits.ts";
import { logLevels } from "./agent-messages.ts";
import { runStatuses } from "./views.ts";
import type {
  AgentsView,
  LogsView,
  RepositoriesView,
  RerunView,
  RunListView,
  RunResultView,
  RunView,
  StartedRunView,
} from "./views.ts";

// What the gateway asks the orchestrator of an environment, one request and one reply each (link-frame.ts). The gateway has checked the
// parameters already; the orchestrator checks them again with the same schemas, because a process border is a border.

const id = z.string().max(ID_LIMIT);

const reference = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("execution"), id, target: z.string().max(TARGET_PATH_LIMIT) }),
  z.object({ kind: z.literal("asset"), id }),
  z.object({ kind: z.literal("blob"), key: id, size: z.int().min(0) }),
]);

const value = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("inline"), data: z.string().max(FRAME_LIMIT_BYTES), references: z.array(reference) }),
  z.object({ kind: z.literal("blob"), key: id, size: z.int().min(0), references: z.array(reference) }),
]);

/** `TargetOptions` of manifest.ts. */
const targetOptionsSchema = z.object({
  retries: optionSchemas.retries.nullable(),
  timeoutMs: optionSchemas.timeoutMs.nullable(),
  delayMs: optionSchemas.delayMs.nullable(),
  priority: optionSchemas.priority.nullable(),
  isolation: optionSchemas.isolation.nullable(),
});

export const requestSchemas = {
  "start-run": z.object({
    target: z.string().max(TARGET_PATH_LIMIT),
    arguments: z.array(value).max(ARGUMENTS_LIMIT),
    /** Overrides of the manifest's options. */
    options: targetOptionsSchema.nullable(),
    idempotencyKey: z.string().min(1).max(IDEMPOTENCY_KEY_LIMIT).nullable(),
  }),
  "list-runs": z.object({
    status: z.enum(runStatuses).nullable(),
    target: z.string().max(TARGET_PATH_LIMIT).nullable(),
    limit: z.int().min(1).max(PAGE_LIMIT),
    cursor: z.string().max(100).nullable(),
  }),
  "get-run": z.object({ run: id }),
  "get-result": z.object({ run: id, waitMs: z.int().min(0).max(RESULT_WAIT_LIMIT_MS) }),
  "cancel-run": z.object({ run: id }),
  "cancel-execution": z.object({ execution: id }),
  "rerun-step": z.object({ step: id }),
  "get-logs": z.object({
    run: id,
    /** Only logs of this step, and of this attempt of it. */
    step: z.int().min(1).nullable(),
    attempt: z.int().min(1).nullable(),
    /** Only this level and the ones after it in `logLevels`. */
    level: z.enum(logLevels).nullable(),
    /** The `cursor` of an earlier page: only what came after it. */
    after: z.string().max(100).nullable(),
    limit: z.int().min(1).max(PAGE_LIMIT),
  }),
  "list-repositories": z.object({}),
  "list-agents": z.object({}),
  "drain-agent": z.object({ session: id }),
  pause: z.object({}),
  resume: z.object({}),
} as const;

export type RequestName = keyof typeof requestSchemas;
export type RequestParams<N extends RequestName> = z.infer<(typeof requestSchemas)[N]>;

/** What each request is answered with. A failure is a `Failure` (error-codes.ts) instead. */
export interface RequestResults {
  /** `isNew` is false when the idempotency key was seen before. */
  readonly "start-run": StartedRunView & { readonly isNew: boolean };
  readonly "list-runs": RunListView;
  readonly "get-run": RunView;
  readonly "get-result": RunResultView;
  readonly "cancel-run": null;
  readonly "cancel-execution": null;
  readonly "rerun-step": RerunView;
  readonly "get-logs": LogsView;
  readonly "list-repositories": RepositoriesView;
  readonly "list-agents": AgentsView;
  readonly "drain-agent": null;
  readonly pause: null;
  readonly resume: null;
}

export function isRequestName(text: string): text is RequestName {
  return Object.hasOwn(requestSchemas, text);
}

/** Requests that change nothing, or nothing twice: they may be sent again to an orchestrator that has come back. */
export function isRepeatable(name: RequestName, params: { readonly idempotencyKey?: string | null }): boolean {
  return name === "start-run" ? typeof params.idempotencyKey === "string" : name !== "rerun-step";
}
