import type { RouteName, routes } from "../../protocol/http-api.ts";

type Call<N extends RouteName> = readonly [(typeof routes)[N]["method"], (typeof routes)[N]["path"]];

/**
 * Method and path of the routes that the command line uses. They are held to the table of the API by their types alone: importing the
 * table would load its schemas, which takes longer than most commands.
 */
export const calls = {
  "show-version": ["GET", "/api/version"],
  "list-processes": ["GET", "/api/processes"],
  "list-projects": ["GET", "/api/projects"],
  "create-project": ["POST", "/api/projects"],
  "delete-project": ["DELETE", "/api/projects/:project"],
  "list-environments": ["GET", "/api/projects/:project/environments"],
  "create-environment": ["POST", "/api/projects/:project/environments"],
  "show-environment": ["GET", "/api/projects/:project/environments/:environment"],
  "delete-environment": ["DELETE", "/api/projects/:project/environments/:environment"],
  "restart-environment": ["POST", "/api/projects/:project/environments/:environment/restart"],
  "pause-environment": ["POST", "/api/projects/:project/environments/:environment/pause"],
  "resume-environment": ["POST", "/api/projects/:project/environments/:environment/resume"],
  "archive-environment": ["POST", "/api/projects/:project/environments/:environment/archive"],
  "list-repositories": ["GET", "/api/projects/:project/environments/:environment/repositories"],
  "list-agents": ["GET", "/api/projects/:project/environments/:environment/agents"],
  "drain-agent": ["POST", "/api/projects/:project/environments/:environment/agents/:session/drain"],
  "start-run": ["POST", "/api/projects/:project/environments/:environment/runs"],
  "list-runs": ["GET", "/api/projects/:project/environments/:environment/runs"],
  "get-run": ["GET", "/api/projects/:project/environments/:environment/runs/:run"],
  "get-result": ["GET", "/api/projects/:project/environments/:environment/runs/:run/result"],
  "cancel-run": ["POST", "/api/projects/:project/environments/:environment/runs/:run/cancel"],
  "cancel-execution": ["POST", "/api/projects/:project/environments/:environment/executions/:execution/cancel"],
  "rerun-step": ["POST", "/api/projects/:project/environments/:environment/steps/:step/rerun"],
  "get-logs": ["GET", "/api/projects/:project/environments/:environment/runs/:run/logs"],
  "get-blob": ["GET", "/api/projects/:project/environments/:environment/blobs/:key"],
  "put-blob": ["PUT", "/api/projects/:project/environments/:environment/blobs/:key"],
} as const satisfies { readonly [N in RouteName]?: Call<N> };

export type CallName = keyof typeof calls;
