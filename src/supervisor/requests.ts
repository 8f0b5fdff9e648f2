import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { type Result, failure, ok } from "../base/result.ts";
import { errorStack } from "../base/error-text.ts";
import type { Log } from "../process/log.ts";
import type { Failure } from "../protocol/error-codes.ts";
import { archived, invalidName, notFound } from "../protocol/failures.ts";
import { environmentKey } from "../protocol/names.ts";
import {
  type SupervisorRequestName,
  type SupervisorRequestParams,
  type SupervisorResults,
  environmentDirectory,
  supervisorRequests,
} from "../protocol/supervisor-messages.ts";
import type { ProcessesView } from "../protocol/views.ts";
import { environmentView } from "./environment-messages.ts";
import { DELETE_RETRIES } from "./limits.ts";
import type { Orchestrators } from "./orchestrators.ts";
import { type EnvironmentRecord, type ProjectRecord, type Registry, isStorageFull } from "./registry.ts";

export interface RequestParts {
  readonly registry: Registry;
  readonly orchestrators: Orchestrators;
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly log: Log;
  socketPath(record: EnvironmentRecord): string;
  processes(): ProcessesView;
  /** The gateway is to know: it was archived, or is gone. */
  announce(record: EnvironmentRecord, isDeleted: boolean): void;
}

type Handlers = {
  readonly [N in SupervisorRequestName]: (
    params: SupervisorRequestParams<N>,
  ) => Result<SupervisorResults[N], Failure> | Promise<Result<SupervisorResults[N], Failure>>;
};

/** Answers what the gateway asks, whatever happens: a request that fails must not take all environments with it. */
export async function answer(parts: RequestParts, name: string, params: unknown): Promise<Result<unknown, Failure>> {
  if (!isRequestName(name)) return failure({ code: "invalid_request", message: `there is no request ${name}` });
  try {
    return await answerAs(handlers(parts), name, params);
  } catch (error) {
    if (isStorageFull(error)) return failure({ code: "storage_full", message: "the disk of the server is full" });
    const reason = errorStack(error);
    parts.log.error({ name, reason }, `a request of the gateway failed: ${name}`);
    return failure({ code: "internal", message: `${name} failed; the log of the server says why` });
  }
}

async function answerAs<N extends SupervisorRequestName>(
  table: Handlers,
  name: N,
  params: unknown,
): Promise<Result<unknown, Failure>> {
  const parsed = supervisorRequests[name].safeParse(params);
  if (!parsed.success) return failure({ code: "invalid_request", message: parsed.error.message });
  return await table[name](parsed.data as SupervisorRequestParams<N>); // Parsed by the schema of this very name.
}

function isRequestName(name: string): name is SupervisorRequestName {
  return Object.hasOwn(supervisorRequests, name);
}

function handlers(parts: RequestParts): Handlers {
  const { registry, orchestrators, clock } = parts;
  const viewOf = (record: EnvironmentRecord) => environmentView(record, orchestrators.childOf(record));
  const find = (params: EnvironmentParams) => findEnvironment(registry, params);

  return {
    "list-projects": () => ok({ projects: registry.projects().map(projectView) }),

    "create-project"({ project }) {
      const wrong = invalidName("project", project);
      if (wrong !== undefined) return failure(wrong);
      if (registry.findProject(project)) return failure(exists("project", project));
      registry.addProject(project, clock.now());
      return mapOk(findProject(registry, project), projectView);
    },

    "delete-project"({ project }) {
      const found = findProject(registry, project);
      if (!found.ok) return found;
      const environments = registry.environments(project);
      if (environments.length > 0) return failure(projectNotEmpty(project, environments));
      registry.removeProject(project);
      return ok(null);
    },

    "list-environments"({ project }) {
      const found = findProject(registry, project);
      return mapOk(found, () => ({ environments: registry.environments(project).map(viewOf) }));
    },

    "create-environment"({ project, environment, base }) {
      const wrong = invalidName("environment", environment);
      if (wrong !== undefined) return failure(wrong);
      const found = findProject(registry, project);
      if (!found.ok) return found;
      if (registry.findEnvironment(project, environment)) return failure(exists("environment", environment));
      const usable = base === null ? undefined : baseProblem(registry, project, base);
      if (usable !== undefined) return failure(usable);
      return ok(viewOf(registry.addEnvironment(project, environment, base, clock.now())));
    },

    "show-environment": (params) => mapOk(find(params), viewOf),

    async "archive-environment"(params) {
      const found = find(params);
      if (!found.ok) return found;
      const users = registry
        .environments(params.project)
        .filter(({ base, isArchived }) => base === params.environment && !isArchived);
      if (users.length > 0) return failure(inUse(params, users));
      // This write decides: from here on nothing is based on it and nobody is let in, whoever dies before the rest is done.
      registry.archiveEnvironment(found.value.id);
      const record = { ...found.value, isArchived: true, isWanted: false, nextWakeAt: null };
      parts.announce(record, false);
      await orchestrators.archive(record);
      return ok(null);
    },

    "note-paused"({ isPaused, ...params }) {
      return mapOk(find(params), (record) => {
        orchestrators.notePaused(record, isPaused);
        return null;
      });
    },

    async "delete-environment"(params) {
      const found = find(params);
      if (!found.ok) return found;
      const record = found.value;
      if (!record.isArchived) return failure(notArchived(params)); // Nothing active is based on what is archived.
      await orchestrators.remove(record);
      // The files first: a crash in between leaves an archived environment that can be deleted again, and no data that a new one would find.
      const directory = join(parts.dataDirectory, environmentDirectory(record.project, record.name));
      // Again while it fills: a blob may be on its way into it that the gateway let in before it was archived.
      await rm(directory, { recursive: true, force: true, maxRetries: DELETE_RETRIES });
      registry.removeEnvironment(record);
      parts.announce(record, true);
      return ok(null);
    },

    async "restart-environment"(params) {
      const found = find(params);
      if (!found.ok) return found;
      if (found.value.isArchived) return failure(archived(params.environment));
      return mapOk(await orchestrators.restart(found.value), ({ pid }) => ({ pid }));
    },

    async "ensure-environment"(params) {
      const found = find(params);
      if (!found.ok) return found;
      const socketPath = parts.socketPath(found.value);
      return mapOk(await orchestrators.ensure(found.value), ({ epoch }) => ({ socketPath, epoch }));
    },

    "list-processes": () => ok(parts.processes()),
  };
}

interface EnvironmentParams {
  readonly project: string;
  readonly environment: string;
}

function findProject(registry: Registry, project: string): Result<ProjectRecord, Failure> {
  const found = registry.findProject(project);
  if (found !== undefined) return ok(found);
  return failure(notFound("project_not_found", project, `create it with \`coflux projects create ${project}\``));
}

function findEnvironment(
  registry: Registry,
  { project, environment }: EnvironmentParams,
): Result<EnvironmentRecord, Failure> {
  const inProject = findProject(registry, project);
  if (!inProject.ok) return inProject;
  const found = registry.findEnvironment(project, environment);
  if (found !== undefined) return ok(found);
  const remedy = `create it with \`coflux environments create ${environment} -p ${project}\``;
  return failure(notFound("environment_not_found", environment, remedy));
}

function baseProblem(registry: Registry, project: string, base: string): Failure | undefined {
  const found = findEnvironment(registry, { project, environment: base });
  if (!found.ok) return { ...found.error, message: `the base: ${found.error.message}` };
  return found.value.isArchived ? archived(base) : undefined;
}

function projectView({ name, createdAt, environments }: ProjectRecord): SupervisorResults["create-project"] {
  return { id: name, createdAt, environments };
}

function mapOk<T, U>(result: Result<T, Failure>, change: (value: T) => U): Result<U, Failure> {
  return result.ok ? ok(change(result.value)) : result;
}

function exists(what: "project" | "environment", name: string): Failure {
  return { code: `${what}_exists`, message: `${what} ${name} is there already` };
}

function projectNotEmpty(project: string, environments: readonly EnvironmentRecord[]): Failure {
  const names = environments.map(({ name }) => name);
  const message = `project ${project} still has environments (${names.join(", ")}); archive and delete them first`;
  return { code: "project_not_empty", message, details: { environments: names } };
}

function inUse({ project, environment }: EnvironmentParams, users: readonly EnvironmentRecord[]): Failure {
  const names = users.map(({ name }) => name);
  const message = `environment ${environmentKey(project, environment)} is the base of ${names.join(", ")}; these go first`;
  return { code: "environment_in_use", message, details: { environments: names } };
}

function notArchived({ project, environment }: EnvironmentParams): Failure {
  const message = `environment ${environmentKey(project, environment)} is active; archive it before it is deleted`;
  return { code: "environment_not_archived", message };
}
