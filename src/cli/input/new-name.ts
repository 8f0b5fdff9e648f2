import { environmentNameRule, isEnvironmentName, isProjectName, projectNameRule } from "../../protocol/names.ts";
import { refusedError } from "../command-error.ts";

const kinds = {
  project: { isName: isProjectName, rule: projectNameRule },
  environment: { isName: isEnvironmentName, rule: environmentNameRule },
} as const;

/** Refuses a name as the server would, with the command for one that is near and keeps the rule. */
export function checkNewName(kind: keyof typeof kinds, name: string, command: (words: string) => string): void {
  const { isName, rule } = kinds[kind];
  if (isName(name)) return;
  const near = nearName(name);
  const hint = isName(near) ? command(`${kind}s create ${near}`) : undefined;
  const message = `${JSON.stringify(name)} is no name for ${kind === "project" ? "a project" : "an environment"}: ${rule}`;
  throw refusedError({ code: "invalid_name", message }, hint);
}

function nearName(name: string): string {
  const segments = name.toLowerCase().split("/");
  return segments.map((segment) => segment.replace(/[^a-z0-9-]+/g, "-").replace(/^-+|-+$/g, "")).join("/");
}
