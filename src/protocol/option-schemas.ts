import * as z from "zod";
import { DURATION_LIMIT_MS } from "../base/duration.ts";
import { PRIORITY_LIMIT, RETRIES_LIMIT } from "./limits.ts";

// The members of `TargetOptions` (manifest.ts) as schemas, for requests.

export const durationMs = z.int().min(0).max(DURATION_LIMIT_MS);

/** How many; `null` is without end. */
export const retriesLimit = z.int().min(0).max(RETRIES_LIMIT);

export const optionSchemas = {
  retries: z.object({ limit: retriesLimit.nullable(), backoffMinMs: durationMs, backoffMaxMs: durationMs }),
  timeoutMs: durationMs.min(1),
  delayMs: durationMs,
  priority: z.int().min(-PRIORITY_LIMIT).max(PRIORITY_LIMIT),
  isolation: z.enum(["shared", "process"]),
};
