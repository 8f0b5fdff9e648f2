import type { EnvironmentMessage } from "../../src/process/child-entry.ts";
import type { SupervisorPort } from "../../src/gateway/supervisor-port.ts";
import type { Failure } from "../../src/protocol/error-codes.ts";
import type { EnvironmentView, ProcessesView } from "../../src/protocol/views.ts";
import { type Result, failure, ok } from "../../src/base/result.ts";
import type {
  SupervisorRequestName,
  SupervisorRequestParams,
  SupervisorResults,
} from "../../src/protocol/supervisor-messages.ts";
import { environmentKey } from "../../src/protocol/names.ts";

// The supervisor as the gateway knows it, in memory: a registry of environments, and orchestrators that are had or not had.

export interface ScriptedSupervisor extends SupervisorPort {
  /** Everything that was asked, in order. */
  readonly asked: readonly { readonly name: SupervisorRequestName; readonly params: unknown }[];
  /** An environment that exists; its orchestrator is had at this socket, or not for this reason, or nothing is said until `settle`. */
  add(environment: string, orchestrator: Had, view?: Partial<EnvironmentView>): void;
  set(environment: string, orchestrator: Had): void;
  remove(environment: string): void;
  archive(environment: string): void;
  /** Says what the supervisor says whenever the state of an orchestrator changes. */
  announce(environment: string, message: Partial<EnvironmentMessage>): void;
}

export type Had = { readonly socketPath: string } | Failure | "silence";

type Answers = {
  readonly [N in SupervisorRequestName]: (
    params: SupervisorRequestParams<N>,
  ) => Result<SupervisorResults[N], Failure> | null;
};

interface Entry {
  view: EnvironmentView;
  had: Had;
}

const PROJECT = "default";

export function scriptedSupervisor(): ScriptedSupervisor {
  const asked: { name: SupervisorRequestName; params: unknown }[] = [];
  const projects = new Set([PROJECT]);
  const environments = new Map<string, Entry>();
  const waiting: (() => void)[] = [];
  let listener: (message: EnvironmentMessage) => void = () => undefined;

  const find = (project: string, environment: string): Result<Entry, Failure> => {
    const found = environments.get(environmentKey(project, environment));
    if (!projects.has(project))
      return failure({ code: "project_not_found", message: `there is no project ${project}` });
    return found === undefined
      ? failure({ code: "environment_not_found", message: `there is no environment ${environment}` })
      : ok(found);
  };
  const withEntry = <T>(
    { project, environment }: { project: string; environment: string },
    use: (entry: Entry) => Result<T, Failure> | null,
  ): Result<T, Failure> | null => {
    const found = find(project, environment);
    return found.ok ? use(found.value) : found;
  };

  const answers: Answers = {
    "list-projects": () => ok({ projects: [...projects].map(projectView) }),
    "create-project"({ project }) {
      if (projects.has(project)) return failure({ code: "project_exists", message: `The project ${project} exists.` });
      projects.add(project);
      return ok(projectView(project));
    },
    "delete-project"({ project }) {
      if (!projects.delete(project))
        return failure({ code: "project_not_found", message: `there is no project ${project}` });
      return ok(null);
    },
    "list-environments"({ project }) {
      if (!projects.has(project))
        return failure({ code: "project_not_found", message: `there is no project ${project}` });
      return ok({ environments: [...environments.values()].map(({ view }) => view) });
    },
    "create-environment"({ project, environment, base }) {
      const key = environmentKey(project, environment);
      if (environments.has(key)) return failure({ code: "environment_exists", message: `${environment} exists.` });
      const view = environmentView(environment, { base });
      environments.set(key, { view, had: "silence" });
      return ok(view);
    },
    "show-environment": (params) => withEntry(params, ({ view }) => ok(view)),
    "archive-environment": (params) =>
      withEntry(params, (entry) => {
        entry.view = { ...entry.view, state: "archived" };
        return ok(null);
      }),
    "note-paused": (params) =>
      withEntry(params, (entry) => {
        entry.view = { ...entry.view, state: params.isPaused ? "paused" : "active" };
        return ok(null);
      }),
    "delete-environment": (params) =>
      withEntry(params, ({ view }) =>
        view.state === "archived"
          ? ok(null)
          : failure({ code: "environment_not_archived", message: `${view.name} is not archived.` }),
      ),
    "restart-environment": (params) => withEntry(params, () => ok({ pid: 4_321 })),
    "ensure-environment": (params) =>
      withEntry(params, ({ had }) => {
        if (had === "silence") return null;
        return "socketPath" in had ? ok({ socketPath: had.socketPath, epoch: 1 }) : failure(had);
      }),
    "list-processes": () => ok(processesView),
  };

  const change = (environment: string, update: (entry: Entry) => void): void => {
    const found = environments.get(environmentKey(PROJECT, environment));
    if (found !== undefined) update(found);
    for (const again of waiting.splice(0)) again();
  };

  return {
    asked,
    request(name, params) {
      asked.push({ name, params });
      return new Promise((resolve) => {
        const attempt = (): void => {
          const answer = answers[name](params);
          if (answer === null) waiting.push(attempt);
          else resolve(answer);
        };
        setImmediate(attempt); // Never in the turn of the question.
      });
    },
    onEnvironment: (listen) => void (listener = listen),
    add: (environment, had, view = {}) =>
      void environments.set(environmentKey(PROJECT, environment), { view: environmentView(environment, view), had }),
    set: (environment, had) => change(environment, (entry) => (entry.had = had)),
    remove: (environment) => void environments.delete(environmentKey(PROJECT, environment)),
    archive: (environment) => change(environment, (entry) => (entry.view = { ...entry.view, state: "archived" })),
    announce: (environment, message) =>
      listener({
        kind: "environment",
        project: PROJECT,
        environment,
        state: "ready",
        socketPath: null,
        epoch: null,
        reason: null,
        isUnresponsive: false,
        exists: true,
        ...message,
      }),
  };
}

function projectView(id: string) {
  return { id, createdAt: 1_767_600_000_000, environments: 1 };
}

function environmentView(name: string, view: Partial<EnvironmentView>): EnvironmentView {
  return { name, state: "active", base: null, createdAt: 1_767_600_000_000, process: "ready", ...view };
}

const child = {
  pid: 11,
  state: "ready",
  unresponsive: false,
  progress: null,
  restarts: 0,
  startedAt: 1_767_600_000_000,
  rssBytes: 60_000_000,
  cpuPercent: 1,
  eventLoopLagMs: 0,
  lastExit: null,
} as const;

const processesView: ProcessesView = {
  supervisor: { pid: 10, startedAt: 1_767_600_000_000, rssBytes: 50_000_000, version: "0.1.0" },
  gateway: child,
  orchestrators: [{ ...child, pid: 12, project: "default", environment: "development" }],
};
