import {
  type EnvironmentLink,
  type EnvironmentRef,
  type LinkParts,
  createEnvironmentLink,
} from "./environment-link.ts";
import { type Result, failure, ok } from "../base/result.ts";
import { environmentKey, isEnvironmentName, isProjectName } from "../protocol/names.ts";
import type { Failure } from "../protocol/error-codes.ts";
import { notFound } from "../protocol/failures.ts";
import { closeCodes } from "../protocol/close-codes.ts";

/** Every environment that anyone has asked for, each with its link. */
export interface EnvironmentLinks {
  /** The link to an environment that exists. It costs nothing while it is known; else the supervisor is asked. */
  find(ref: EnvironmentRef): Promise<Result<KnownEnvironment, Failure>>;
  all(): Iterable<EnvironmentLink>;
  close(reason: Failure): void;
}

export interface KnownEnvironment {
  readonly link: EnvironmentLink;
  /** An archived one is only read: no agent is let in, no blob stored. */
  readonly isArchived: boolean;
}

export function createEnvironmentLinks(parts: LinkParts): EnvironmentLinks {
  const { supervisor } = parts;
  const known = new Map<string, KnownEnvironment>();

  const add = (key: string, ref: EnvironmentRef, isArchived: boolean): KnownEnvironment => {
    const link = known.get(key)?.link ?? createEnvironmentLink(ref, parts); // Two may have asked at the same time.
    const environment = { link, isArchived };
    known.set(key, environment);
    return environment;
  };

  /** It was archived, and is still read from; or it was deleted, and its name may have been taken again meanwhile. */
  const recheck = async (key: string, { project, environment }: EnvironmentRef) => {
    const { link } = add(key, { project, environment }, true); // Until more is known: nobody is let in.
    link.agents.closeAll(closeCodes.environmentGone, `${key} takes no agents any more`);
    const view = await supervisor.request("show-environment", { project, environment });
    if (view.ok) return add(key, { project, environment }, view.value.state === "archived");
    known.delete(key);
    return link.close(view.error);
  };

  supervisor.onEnvironment((message) => {
    const key = environmentKey(message.project, message.environment);
    const environment = known.get(key);
    environment?.link.onMessage(message);
    if (environment !== undefined && !message.exists) void recheck(key, message);
  });

  return {
    async find(ref) {
      const key = environmentKey(ref.project, ref.environment);
      const environment = known.get(key);
      if (environment !== undefined) return ok(environment);
      const refusal = refuseName(ref);
      if (refusal !== undefined) return failure(refusal);
      const view = await supervisor.request("show-environment", ref);
      return view.ok ? ok(add(key, ref, view.value.state === "archived")) : view;
    },
    *all() {
      for (const { link } of known.values()) yield link;
    },
    close(reason) {
      for (const { link } of known.values()) link.close(reason);
      known.clear();
    },
  };
}

/** What cannot be a name is the name of nothing. */
function refuseName({ project, environment }: EnvironmentRef): Failure | undefined {
  if (!isProjectName(project)) return notFound("project_not_found", project);
  return isEnvironmentName(environment) ? undefined : notFound("environment_not_found", environment);
}
