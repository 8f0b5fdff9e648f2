import { type Duration, parseDuration } from "../base/duration.ts";
import { defaultPlace } from "../protocol/addresses.ts";
import { environmentNameRule, isEnvironmentName, isProjectName, projectNameRule } from "../protocol/names.ts";
import type { RequestSettings } from "./client-requests.ts";

export interface ClientOptions {
  /** Default: `http://127.0.0.1:7777`. */
  readonly url?: string | undefined;
  /** Default: `default`. */
  readonly project?: string | undefined;
  /** Default: `development`. */
  readonly environment?: string | undefined;
  readonly token?: string | undefined;
  /** How long requests that may be repeated are repeated when the server is away or busy. Default: 10 s. */
  readonly retryFor?: Duration | undefined;
}

export interface ClientSettings extends Omit<RequestSettings, "world"> {
  readonly project: string;
  readonly environment: string;
}

/** Checks what a client is made of. Throws a TypeError that names the option and the way out. */
export function readClientOptions(options: ClientOptions): ClientSettings {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`createClient() needs an object: createClient({ url: "${defaultPlace.url}" })`);
  }
  const {
    url = defaultPlace.url,
    project = defaultPlace.project,
    environment = defaultPlace.environment,
    token,
    retryFor = "10s",
    ...unknown
  } = options;
  const [stranger] = Object.keys(unknown);
  if (stranger !== undefined) {
    throw new TypeError(
      `createClient() has no option "${stranger}"; there are url, project, environment, token, retryFor`,
    );
  }
  if (!isServerUrl(url)) throw wrong("url", "must be an http:// or https:// address", url);
  if (!isText(project) || !isProjectName(project)) throw wrong("project", `must be ${projectNameRule}`, project);
  if (!isText(environment) || !isEnvironmentName(environment)) {
    throw wrong("environment", `must be ${environmentNameRule}`, environment);
  }
  if (token !== undefined && !isText(token)) throw wrong("token", "must be text", typeof token);
  return {
    url,
    project,
    environment,
    token,
    retryForMs: readDuration(retryFor, "retryFor"),
  };
}

/** Throws a TypeError that names the option. */
export function readDuration(duration: Duration, option: string): number {
  const parsed = parseDuration(duration);
  if (!parsed.ok) throw new TypeError(`option "${option}": ${parsed.error}`);
  return parsed.value;
}

function isServerUrl(input: unknown): input is string {
  return isText(input) && URL.canParse(input) && /^https?:$/.test(new URL(input).protocol);
}

/** Callers without types may pass anything. */
function isText(input: unknown): input is string {
  return typeof input === "string";
}

function wrong(option: string, rule: string, input: unknown): TypeError {
  return new TypeError(`option "${option}" of createClient() ${rule}, not ${JSON.stringify(input) ?? String(input)}`);
}
