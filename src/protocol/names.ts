// Names that people choose, and the one place that says which are allowed.

const projectPattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
const segmentPattern = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const repositoryPattern = /^[A-Za-z0-9_$@.-]+(?:\/[A-Za-z0-9_$@.-]+)*$/;
const targetPattern = /^[A-Za-z_$][A-Za-z0-9_$-]{0,99}$/;

const ENVIRONMENT_NAME_LIMIT = 128;
export const REPOSITORY_NAME_LIMIT = 200;

export const projectNameRule = "1 to 63 of a-z, 0-9 and -, beginning with a letter or digit";
export const environmentNameRule =
  "segments of 1 to 63 of a-z, 0-9, _ and -, each beginning with a letter or digit, joined by /, at most 128 characters in all";
export const repositoryNameRule =
  "path segments of letters, digits and any of _ $ @ . -, joined by /, at most 200 characters, none of them . or ..";
export const targetNameRule = "a JavaScript identifier (inner - allowed) of at most 100 characters";

export function isProjectName(text: string): boolean {
  return projectPattern.test(text);
}

export function isEnvironmentName(text: string): boolean {
  return text.length <= ENVIRONMENT_NAME_LIMIT && text.split("/").every((segment) => segmentPattern.test(segment));
}

export function isRepositoryName(text: string): boolean {
  const isPlain = !text.split("/").some((segment) => segment === "." || segment === "..");
  return text.length <= REPOSITORY_NAME_LIMIT && isPlain && repositoryPattern.test(text);
}

export function isTargetName(text: string): boolean {
  return targetPattern.test(text);
}

export interface TargetPath {
  readonly repository: string;
  readonly name: string;
}

/** Splits `flows/orders/checkout` at its last slash; undefined when either part is not a name. */
export function parseTargetPath(text: string): TargetPath | undefined {
  const slash = text.lastIndexOf("/");
  const path = { repository: text.slice(0, Math.max(0, slash)), name: text.slice(slash + 1) };
  return isRepositoryName(path.repository) && isTargetName(path.name) ? path : undefined;
}

/** A project and one of its environments, as one key for maps, logs and process names: `default/development/joe`. */
export function environmentKey(project: string, environment: string): string {
  return `${project}/${environment}`;
}
