import type { ApiParts, RouteHandlers } from "../route-handlers.ts";
import { failure, ok } from "../../../base/result.ts";
import { askThrough } from "../ask-orchestrator.ts";
import type { EnvironmentRef } from "../../environment-link.ts";
import { notFound } from "../../../protocol/failures.ts";

type Names =
  | "list-projects"
  | "create-project"
  | "show-project"
  | "delete-project"
  | "list-environments"
  | "create-environment"
  | "show-environment"
  | "delete-environment"
  | "restart-environment"
  | "pause-environment"
  | "resume-environment"
  | "archive-environment";

/** Projects and environments. The supervisor keeps them; what happens inside of one is its orchestrator's. */
export function environmentRoutes({ supervisor, links }: ApiParts): RouteHandlers<Names> {
  const { ask } = askThrough(links);
  const setPaused = async ({ project, environment }: EnvironmentRef, isPaused: boolean) => {
    const done = await ask({ project, environment }, isPaused ? "pause" : "resume", {});
    return done.ok ? supervisor.request("note-paused", { project, environment, isPaused }) : done;
  };

  return {
    "list-projects": () => supervisor.request("list-projects", {}),

    "create-project": ({ body }) => supervisor.request("create-project", { project: body.id }),

    async "show-project"({ parameters }) {
      const list = await supervisor.request("list-projects", {});
      if (!list.ok) return list;
      const found = list.value.projects.find((project) => project.id === parameters.project);
      return found === undefined ? failure(notFound("project_not_found", parameters.project)) : ok(found);
    },

    "delete-project": ({ parameters }) => supervisor.request("delete-project", parameters),

    "list-environments": ({ parameters }) => supervisor.request("list-environments", parameters),

    "create-environment": ({ parameters, body }) =>
      supervisor.request("create-environment", {
        project: parameters.project,
        environment: body.name,
        base: body.base ?? null,
      }),

    "show-environment": ({ parameters }) => supervisor.request("show-environment", parameters),

    "delete-environment": ({ parameters }) => supervisor.request("delete-environment", parameters),

    "restart-environment": ({ parameters }) => supervisor.request("restart-environment", parameters),

    "pause-environment": ({ parameters }) => setPaused(parameters, true),

    "resume-environment": ({ parameters }) => setPaused(parameters, false),

    "archive-environment": ({ parameters }) => supervisor.request("archive-environment", parameters),
  };
}
