import type { ApiParts, RouteHandlers } from "../route-handlers.ts";
import { type Result, failure, ok } from "../../../base/result.ts";
import { askOrchestrator } from "../ask-orchestrator.ts";
import type { EnvironmentRef } from "../../environment-link.ts";
import type { Failure } from "../../../protocol/error-codes.ts";
import type { SupervisorPort } from "../../supervisor-port.ts";

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
  return {
    "list-projects": () => supervisor.request("list-projects", {}),

    "create-project": ({ body }) => supervisor.request("create-project", { project: body.id }),

    async "show-project"({ parameters }) {
      const list = await supervisor.request("list-projects", {});
      if (!list.ok) return list;
      const found = list.value.projects.find((project) => project.id === parameters.project);
      return found === undefined ? failure(noProject(parameters.project)) : ok(found);
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

    "pause-environment": ({ parameters }) => askOrchestrator(links, parameters, "pause", {}),

    "resume-environment": ({ parameters }) => askOrchestrator(links, parameters, "resume", {}),

    async "archive-environment"({ parameters }) {
      const standing = await findDependent(supervisor, parameters);
      if (!standing.ok) return standing;
      if (standing.value !== undefined) return failure(inUse(parameters.environment, standing.value));
      // First the orchestrator, which ends sessions and work: of an archived environment it would not be asked any more.
      const archived = await askOrchestrator(links, parameters, "archive", {});
      return archived.ok ? supervisor.request("archive-environment", parameters) : archived;
    },
  };
}

/** A live environment that uses the results of this one. */
async function findDependent(
  supervisor: SupervisorPort,
  { project, environment }: EnvironmentRef,
): Promise<Result<string | undefined, Failure>> {
  const list = await supervisor.request("list-environments", { project });
  if (!list.ok) return list;
  return ok(list.value.environments.find(({ base, state }) => base === environment && state !== "archived")?.name);
}

function inUse(environment: string, dependent: string): Failure {
  const message = `${environment} is the base of ${dependent}; archive that one first.`;
  return { code: "environment_in_use", message, details: { environment: dependent } };
}

function noProject(project: string): Failure {
  return { code: "project_not_found", message: `There is no project "${project}".` };
}
