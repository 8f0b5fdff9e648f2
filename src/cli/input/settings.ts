import { type Result, failure, ok } from "../../base/result.ts";
import { type Place, defaultPlace } from "../../protocol/addresses.ts";
import { environmentNameRule, isEnvironmentName, isProjectName, projectNameRule } from "../../protocol/names.ts";

export interface PlaceSources {
  /** What stands on the command line. */
  readonly flags: Partial<Place>;
  /** COFLUX_URL, COFLUX_PROJECT, COFLUX_ENVIRONMENT. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly config: Partial<Place>;
}

/**
 * Decides where a command works, each part of it by its flag, else its variable, else the configuration, else the default. Or says which of the
 * sources names no such place.
 */
export function resolvePlace(sources: PlaceSources): Result<Place, string> {
  const url = choose("url", sources);
  const project = choose("project", sources);
  const environment = choose("environment", sources);
  const problem =
    (isServerUrl(url.value) ? undefined : refuse(url, "an http:// or https:// address")) ??
    (isProjectName(project.value) ? undefined : refuse(project, `the name of a project: ${projectNameRule}`)) ??
    (isEnvironmentName(environment.value)
      ? undefined
      : refuse(environment, `the name of an environment: ${environmentNameRule}`));
  if (problem !== undefined) return failure(problem);
  return ok({ url: url.value, project: project.value, environment: environment.value });
}

interface Chosen {
  readonly value: string;
  /** How a person finds it: `--url`, `COFLUX_URL`, `url in the configuration`. */
  readonly origin: string;
}

function choose(name: keyof Place, { flags, variables, config }: PlaceSources): Chosen {
  const variable = `COFLUX_${name.toUpperCase()}`;
  if (flags[name] !== undefined) return { value: flags[name], origin: `--${name}` };
  if (variables[variable]) return { value: variables[variable], origin: variable };
  if (config[name] !== undefined) return { value: config[name], origin: `${name} in the configuration` };
  return { value: defaultPlace[name], origin: "the default" };
}

function refuse({ value, origin }: Chosen, expected: string): string {
  return `${origin} is ${JSON.stringify(value)}, which is not ${expected}`;
}

function isServerUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** The flags that make another command work in the same place: those that were typed. */
export function placeFlags(flags: Partial<Place>): string {
  const words: string[] = [];
  if (flags.url !== undefined) words.push(` --url ${flags.url}`);
  if (flags.project !== undefined) words.push(` -p ${flags.project}`);
  if (flags.environment !== undefined) words.push(` -e ${flags.environment}`);
  return words.join("");
}
