import type { ErrorCode, Failure } from "./error-codes.ts";
import { environmentNameRule, isEnvironmentName, isProjectName, projectNameRule } from "./names.ts";

// Failures that are told in more than one place, each in one way: what it is about, the reason, the way out.

/** A field of a request, as its sender would write it (`retries.limit`), is not what it must be. */
export function invalidField(field: string, problem: string): Failure {
  return { code: "invalid_request", message: `${field}: ${problem}`, details: { field } };
}

/** What can be named and not be there, and what to look for it in. */
const places = {
  project_not_found: "",
  environment_not_found: "",
  topic_not_found: "",
  run_not_found: " in this environment",
  step_not_found: " in this environment",
  execution_not_found: " in this environment",
  session_not_found: " in this environment",
  blob_not_found: " in this environment",
} as const satisfies Partial<Record<ErrorCode, string>>;

const NAME_SHOWN_LIMIT = 200;

/** Nothing has this name: `there is no run "Rbcdfgh" in this environment`. The way out, if it is known, follows after a colon. */
export function notFound(code: keyof typeof places, name: string, wayOut?: string): Failure {
  const thing = code.slice(0, -"_not_found".length);
  const shown = name.length <= NAME_SHOWN_LIMIT ? name : `${name.slice(0, NAME_SHOWN_LIMIT)}…`;
  const end = wayOut === undefined ? "" : `: ${wayOut}`;
  const message = `there is no ${thing} ${JSON.stringify(shown)}${places[code]}${end}`;
  return { code, message, details: { name: shown } };
}

const newNames = {
  project: { isName: isProjectName, what: "a project", rule: projectNameRule },
  environment: { isName: isEnvironmentName, what: "an environment", rule: environmentNameRule },
} as const;

/** Why nothing new may have this name; undefined when it may. */
export function invalidName(kind: keyof typeof newNames, name: string): Failure | undefined {
  const { isName, what, rule } = newNames[kind];
  if (isName(name)) return undefined;
  const shown = JSON.stringify(name.slice(0, NAME_SHOWN_LIMIT));
  return { code: "invalid_name", message: `${shown} is no name for ${what}: ${rule}` };
}

/** What an agent says comes too late: it opens another session. */
export function sessionEnded(session: string): Failure {
  return { code: "session_unknown", message: `session ${session} has ended` };
}

/** Nothing is changed in an archived environment. It is named where it is not the only one that is spoken of. */
export function archived(environment?: string): Failure {
  const what = environment === undefined ? "this environment" : `the environment ${JSON.stringify(environment)}`;
  return { code: "environment_archived", message: `${what} is archived: it is only read; use another one` };
}
