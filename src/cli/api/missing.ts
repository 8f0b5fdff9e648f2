import { CommandError } from "../command-error.ts";
import { ALTERNATIVES_SHOWN } from "../limits.ts";
import { similarNames } from "../input/did-you-mean.ts";
import type { Api } from "./api.ts";

/** An error about something that does not exist, with what exists instead; any other as it is. Of targets `find-target.ts` says it itself. */
export async function withAlternatives(error: unknown, api: Api): Promise<unknown> {
  if (!(error instanceof CommandError)) return error;
  try {
    const found = await alternativesTo(error, api);
    if (found === undefined) return error;
    const { code, exitCode, message, details } = error;
    return new CommandError({ code, exitCode, message, details, hint: describe(found, error) });
  } catch {
    return error; // The question was only for the hint.
  }
}

interface Alternatives {
  readonly what: string;
  /** What stands before the names, if they are not all that there are. */
  readonly title?: string;
  readonly wanted: string;
  readonly names: readonly string[];
}

async function alternativesTo(error: CommandError, api: Api): Promise<Alternatives | undefined> {
  const { project, environment } = api.place;
  switch (error.code) {
    case "project_not_found": {
      const { projects } = await api.call("list-projects", {});
      return { what: "projects", wanted: nameIn(error) ?? project, names: projects.map(({ id }) => id) };
    }
    case "environment_not_found": {
      const { environments } = await api.call("list-environments", {});
      const names = environments.filter(({ state }) => state !== "archived").map(({ name }) => name);
      return { what: `environments of project ${project}`, wanted: nameIn(error) ?? environment, names };
    }
    case "run_not_found": {
      const { runs } = await api.call("list-runs", {}, { query: { limit: ALTERNATIVES_SHOWN } });
      const names = runs.map(({ id, target }) => `${id} (${target})`);
      return { what: `runs in ${project}/${environment}`, title: "the newest runs", wanted: "", names };
    }
    case "session_not_found": {
      const { agents } = await api.call("list-agents", {});
      return {
        what: `sessions in ${project}/${environment}`,
        wanted: "",
        names: agents.map(({ sessionId }) => sessionId),
      };
    }
    default:
      return undefined;
  }
}

/** An argument may name another place than that of the command. */
function nameIn({ details }: CommandError): string | undefined {
  const { name } = { ...details };
  return typeof name === "string" ? name : undefined;
}

function describe({ what, title = what, wanted, names }: Alternatives, error: CommandError): string {
  const similar = wanted === "" ? [] : similarNames(wanted, names);
  const lines: string[] = [];
  if (similar.length > 0) lines.push(`did you mean ${similar.join(" or ")}?`);
  lines.push(names.length === 0 ? `there are no ${what}` : `${title}: ${list(names)}`);
  if (error.hint !== undefined && names.length === 0) lines.push(error.hint);
  return lines.join("\n");
}

function list(names: readonly string[]): string {
  const rest = names.length - ALTERNATIVES_SHOWN;
  return names.slice(0, ALTERNATIVES_SHOWN).join(", ") + (rest > 0 ? `, and ${rest} more` : "");
}
