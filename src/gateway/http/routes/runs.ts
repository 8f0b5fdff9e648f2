import type { ApiParts, ApiRequest, RouteHandlers } from "../route-handlers.ts";
import { type Result, failure, ok } from "../../../base/result.ts";
import { IDEMPOTENCY_KEY_LIMIT } from "../../../protocol/limits.ts";
import type { Failure } from "../../../protocol/error-codes.ts";
import { archived, invalidField } from "../../../protocol/failures.ts";
import type { StartRunBody } from "../../../protocol/http-inputs.ts";
import type { TargetOptions } from "../../../protocol/manifest.ts";
import { askThrough } from "../ask-orchestrator.ts";
import { type ApiArgument, encodeArguments } from "../encode-arguments.ts";
import { jsonReply } from "../replies.ts";

type Names =
  | "list-repositories"
  | "list-agents"
  | "drain-agent"
  | "start-run"
  | "list-runs"
  | "get-run"
  | "get-result"
  | "cancel-run"
  | "cancel-execution"
  | "rerun-step";

/** Runs, and what they run on. */
export function runRoutes(parts: ApiParts): RouteHandlers<Names> {
  const { ask, show } = askThrough(parts.links);
  return {
    "list-repositories": ({ parameters }) => show(parameters, "list-repositories", {}),

    "list-agents": ({ parameters }) => show(parameters, "list-agents", {}),

    "drain-agent": ({ parameters }) => ask(parameters, "drain-agent", { session: parameters.session }),

    "start-run": (request) => startRun(parts, request),

    "list-runs": ({ parameters, query }) =>
      show(parameters, "list-runs", {
        status: query.status ?? null,
        target: query.target ?? null,
        limit: query.limit,
        cursor: query.cursor ?? null,
      }),

    "get-run": ({ parameters }) => show(parameters, "get-run", { run: parameters.run }),

    "get-result": ({ parameters, query: { waitMs }, raw }) =>
      // The signal costs an object for each request; who does not wait is answered before they can go.
      show(parameters, "get-result", { run: parameters.run, waitMs }, waitMs > 0 ? raw.signal : undefined),

    "cancel-run": ({ parameters }) => ask(parameters, "cancel-run", { run: parameters.run }),

    "cancel-execution": ({ parameters }) => ask(parameters, "cancel-execution", { execution: parameters.execution }),

    "rerun-step": ({ parameters }) => ask(parameters, "rerun-step", { step: parameters.step }),
  };
}

async function startRun(
  { links, blobs }: ApiParts,
  { parameters, body, raw }: ApiRequest<"start-run">,
): Promise<Result<never, Failure> | Response> {
  const idempotencyKey = keyOf(body, raw.headers.get("idempotency-key"));
  if (!idempotencyKey.ok) return idempotencyKey;
  const args = argumentsOf(body);
  if (!args.ok) return args;
  const found = await links.find(parameters);
  if (!found.ok) return found;
  if (found.value.isArchived) return failure(archived(parameters.environment));
  const values = await encodeArguments(blobs, parameters, args.value);
  if (!values.ok) return values;
  const started = await found.value.link.request("start-run", {
    target: body.target,
    arguments: values.value,
    options: optionsOf(body),
    idempotencyKey: idempotencyKey.value,
  });
  if (!started.ok) return started;
  const { isNew, ...ids } = started.value;
  return jsonReply(isNew ? 201 : 200, ids);
}

function argumentsOf(body: StartRunBody): Result<readonly ApiArgument[], Failure> {
  if (body.params === undefined || body.params === null) {
    return ok((body.arguments ?? []).map((value, index) => ({ field: `arguments[${index}]`, value })));
  }
  if (body.arguments === undefined || body.arguments === null) return ok([{ field: "params", value: body.params }]);
  return failure(invalidField("params", "send either arguments or params, not both"));
}

function keyOf(body: StartRunBody, header: string | null): Result<string | null, Failure> {
  const key = body.idempotencyKey ?? header;
  if (header === null || key === null) return ok(key);
  if (header !== key)
    return failure(invalidField("Idempotency-Key", "says something else than idempotencyKey in the body"));
  if (key.length > 0 && key.length <= IDEMPOTENCY_KEY_LIMIT) return ok(key);
  return failure(invalidField("Idempotency-Key", `must have 1 to ${IDEMPOTENCY_KEY_LIMIT} characters`));
}

/** What the client overrides; null when that is nothing. */
function optionsOf(body: StartRunBody): TargetOptions | null {
  const options: TargetOptions = {
    retries: retriesOf(body),
    timeoutMs: body.timeoutMs ?? null,
    delayMs: body.delayMs ?? null,
    priority: body.priority ?? null,
    isolation: body.isolation ?? null,
  };
  return Object.values(options).every((option) => option === null) ? null : options;
}

function retriesOf({ retries }: StartRunBody): TargetOptions["retries"] {
  if (retries === undefined || retries === null) return null;
  if (typeof retries === "number") return { limit: retries, backoffMinMs: 0, backoffMaxMs: 0 };
  const { limit, backoffMinMs, backoffMaxMs = backoffMinMs } = retries;
  return { limit, backoffMinMs, backoffMaxMs };
}
