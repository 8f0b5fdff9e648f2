import type * as z from "zod";
import type {
  AgentsView,
  EnvironmentView,
  LogsView,
  ProcessesView,
  ProjectView,
  RepositoriesView,
  RerunView,
  RunListView,
  RunResultView,
  RunView,
  StartedRunView,
} from "./views.ts";
import {
  createEnvironmentBody,
  createProjectBody,
  listRunsQuery,
  logsQuery,
  resultQuery,
  startRunBody,
} from "./http-inputs.ts";
import type { ErrorCode } from "./error-codes.ts";
import type { Route } from "./http-route.ts";

// The HTTP API: every route once, with what it takes and what it answers. The gateway serves this table; docs/http-api.md is made from it.

/** What every route that asks the orchestrator of an environment can be refused with. */
const orchestratorErrors = [
  "project_not_found",
  "environment_not_found",
  "environment_unavailable",
  "overloaded",
] as const satisfies readonly ErrorCode[];

/** Further codes of the routes that the supervisor answers, while that stands still: of reads, and of changes. */
const readErrors = ["overloaded"] as const satisfies readonly ErrorCode[];
const changeErrors = ["outcome_unknown"] as const satisfies readonly ErrorCode[];

const E = "/api/projects/:project/environments/:environment";

export const routes = {
  root: {
    method: "GET",
    path: "/",
    summary: "Says what this is.",
    status: 200,
  },
  healthz: {
    method: "GET",
    path: "/healthz",
    summary: "Whether the gateway lives. It asks nobody else.",
    status: 200,
  },
  readyz: {
    method: "GET",
    path: "/readyz",
    summary: "Whether the server takes requests: the gateway is not stopping and the supervisor answers.",
    status: 200,
  },
  "show-version": {
    method: "GET",
    path: "/api/version",
    summary: "The version of the product and of its protocol.",
    status: 200,
  },
  "list-processes": {
    method: "GET",
    path: "/api/processes",
    summary: "The processes of the server with their state, age, restarts, memory and load.",
    status: 200,
    errors: readErrors,
  },
  "list-projects": {
    method: "GET",
    path: "/api/projects",
    summary: "All projects.",
    status: 200,
    errors: readErrors,
  },
  "create-project": {
    method: "POST",
    path: "/api/projects",
    summary: "Creates a project.",
    body: createProjectBody,
    status: 201,
    errors: ["invalid_name", "project_exists", ...changeErrors],
  },
  "show-project": {
    method: "GET",
    path: "/api/projects/:project",
    summary: "One project.",
    status: 200,
    errors: ["project_not_found", ...readErrors],
  },
  "delete-project": {
    method: "DELETE",
    path: "/api/projects/:project",
    summary: "Deletes a project that has no environments.",
    status: 204,
    errors: ["project_not_found", "project_not_empty", ...changeErrors],
  },
  "list-environments": {
    method: "GET",
    path: "/api/projects/:project/environments",
    summary: "The environments of a project.",
    status: 200,
    errors: ["project_not_found", ...readErrors],
  },
  "create-environment": {
    method: "POST",
    path: "/api/projects/:project/environments",
    summary: "Creates an environment.",
    body: createEnvironmentBody,
    status: 201,
    errors: [
      "invalid_name",
      "project_not_found",
      "environment_not_found",
      "environment_exists",
      "environment_archived",
      ...changeErrors,
    ],
  },
  "show-environment": {
    method: "GET",
    path: E,
    summary: "One environment.",
    status: 200,
    errors: ["project_not_found", "environment_not_found", ...readErrors],
  },
  "delete-environment": {
    method: "DELETE",
    path: E,
    summary: "Deletes an archived environment with everything in it.",
    status: 204,
    errors: ["project_not_found", "environment_not_found", "environment_not_archived", ...changeErrors],
  },
  "restart-environment": {
    method: "POST",
    path: `${E}/restart`,
    summary: "Restarts the orchestrator; answers when the new process is ready. Nothing is lost or cancelled.",
    status: 200,
    errors: [
      "project_not_found",
      "environment_not_found",
      "environment_archived",
      "environment_unavailable",
      ...changeErrors,
    ],
  },
  "pause-environment": {
    method: "POST",
    path: `${E}/pause`,
    summary: "Stops assigning work; what runs goes on.",
    status: 204,
    errors: [...orchestratorErrors, "environment_archived", ...changeErrors],
  },
  "resume-environment": {
    method: "POST",
    path: `${E}/resume`,
    summary: "Assigns work again.",
    status: 204,
    errors: [...orchestratorErrors, "environment_archived", ...changeErrors],
  },
  "archive-environment": {
    method: "POST",
    path: `${E}/archive`,
    summary:
      "Ends the sessions of agents and cancels pending work, for good; everything stays readable. Answers when that is done; repeating it changes nothing.",
    status: 204,
    errors: ["project_not_found", "environment_not_found", "environment_in_use", ...changeErrors],
  },
  "list-repositories": {
    method: "GET",
    path: `${E}/repositories`,
    summary:
      "What agents have declared: repositories with the targets that can be called, and the sessions that host them now.",
    status: 200,
    errors: orchestratorErrors,
  },
  "list-agents": {
    method: "GET",
    path: `${E}/agents`,
    summary: "The sessions of agents.",
    status: 200,
    errors: orchestratorErrors,
  },
  "drain-agent": {
    method: "POST",
    path: `${E}/agents/:session/drain`,
    summary: "Gives an agent no further work but what its own executions wait for; what it runs goes on.",
    status: 204,
    errors: [...orchestratorErrors, "session_not_found"],
  },
  "start-run": {
    method: "POST",
    path: `${E}/runs`,
    summary: "Starts a run of a workflow. 200 with the same ids when the idempotency key was seen before.",
    body: startRunBody,
    status: 201,
    errors: [
      ...orchestratorErrors,
      "environment_archived",
      "target_not_found",
      "not_a_workflow",
      "invalid_arguments",
      "invalid_value",
      "idempotency_mismatch",
      "outcome_unknown",
      "storage_full",
    ],
  },
  "list-runs": {
    method: "GET",
    path: `${E}/runs`,
    summary: "Runs, newest first.",
    query: listRunsQuery,
    status: 200,
    errors: orchestratorErrors,
  },
  "get-run": {
    method: "GET",
    path: `${E}/runs/:run`,
    summary: "A run with all its steps and executions.",
    status: 200,
    errors: [...orchestratorErrors, "run_not_found"],
  },
  "get-result": {
    method: "GET",
    path: `${E}/runs/:run/result`,
    summary: "The result of a run; `pending` while it is not final.",
    query: resultQuery,
    status: 200,
    errors: [...orchestratorErrors, "run_not_found"],
  },
  "cancel-run": {
    method: "POST",
    path: `${E}/runs/:run/cancel`,
    summary:
      "Cancels a run with everything it called. When it is final, nothing changes: what it called and is still under way is cancelled by its execution's id.",
    status: 204,
    errors: [...orchestratorErrors, "run_not_found", "environment_archived"],
  },
  "cancel-execution": {
    method: "POST",
    path: `${E}/executions/:execution/cancel`,
    summary: "Cancels an execution with everything it called. Changes nothing when it is final.",
    status: 204,
    errors: [...orchestratorErrors, "execution_not_found", "environment_archived"],
  },
  "rerun-step": {
    method: "POST",
    path: `${E}/steps/:step/rerun`,
    summary:
      "Runs a step again, as a new attempt. What is under way of it is cancelled, and who waits for it gets the outcome of the new attempt. When its retries were spent, there is this one attempt.",
    status: 201,
    errors: [...orchestratorErrors, "step_not_found", "environment_archived", "outcome_unknown", "storage_full"],
  },
  "get-logs": {
    method: "GET",
    path: `${E}/runs/:run/logs`,
    summary: "Lines of log of a run, oldest first. With `Accept: text/event-stream` it follows.",
    query: logsQuery,
    status: 200,
    errors: [...orchestratorErrors, "run_not_found", "step_not_found"],
  },
  "get-blob": {
    method: "GET",
    path: `${E}/blobs/:key`,
    summary: "The bytes of a blob.",
    status: 200,
    errors: ["project_not_found", "environment_not_found", "blob_not_found"],
  },
  "put-blob": {
    method: "PUT",
    path: `${E}/blobs/:key`,
    summary: "Stores bytes under their SHA-256. Storing the same again changes nothing.",
    status: 204,
    errors: [
      "project_not_found",
      "environment_not_found",
      "environment_archived",
      "invalid_key",
      "hash_mismatch",
      "body_too_large",
      "storage_full",
      "overloaded",
    ],
  },
} as const satisfies Readonly<Record<string, Route>>;

export type RouteName = keyof typeof routes;

/** The body that a route answers with when all went well; null where there is none. */
export interface RouteResults {
  readonly root: {
    readonly name: "coflux";
    readonly version: string;
    readonly api: string;
    readonly documentation: string;
  };
  readonly healthz: { readonly status: "ok" };
  readonly readyz: { readonly status: "ready" };
  readonly "show-version": { readonly version: string; readonly protocol: number };
  readonly "list-processes": ProcessesView;
  readonly "list-projects": { readonly projects: readonly ProjectView[] };
  readonly "create-project": ProjectView;
  readonly "show-project": ProjectView;
  readonly "delete-project": null;
  readonly "list-environments": { readonly environments: readonly EnvironmentView[] };
  readonly "create-environment": EnvironmentView;
  readonly "show-environment": EnvironmentView;
  readonly "delete-environment": null;
  readonly "restart-environment": { readonly pid: number };
  readonly "pause-environment": null;
  readonly "resume-environment": null;
  readonly "archive-environment": null;
  readonly "list-repositories": RepositoriesView;
  readonly "list-agents": AgentsView;
  readonly "drain-agent": null;
  readonly "start-run": StartedRunView;
  readonly "list-runs": RunListView;
  readonly "get-run": RunView;
  readonly "get-result": RunResultView;
  readonly "cancel-run": null;
  readonly "cancel-execution": null;
  readonly "rerun-step": RerunView;
  readonly "get-logs": LogsView;
  readonly "get-blob": Uint8Array;
  readonly "put-blob": null;
}

type ParametersIn<Path extends string> = Path extends `${infer Segment}/${infer Rest}`
  ? ParametersIn<Segment> | ParametersIn<Rest>
  : Path extends `:${infer Name}`
    ? Name
    : never;

/** The parameters of a route's path, decoded. */
export type RouteParameters<N extends RouteName> = {
  readonly [Name in ParametersIn<(typeof routes)[N]["path"]>]: string;
};

/** The query of a route, checked and turned into what it says. */
export type RouteQuery<N extends RouteName> = (typeof routes)[N] extends { readonly query: infer Q extends z.ZodType }
  ? z.output<Q>
  : undefined;

/** The JSON body of a route, checked. */
export type RouteBody<N extends RouteName> = (typeof routes)[N] extends { readonly body: infer B extends z.ZodType }
  ? z.output<B>
  : undefined;
