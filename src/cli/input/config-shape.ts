import { isObject } from "../../base/json.ts";
import { type Result, failure, ok } from "../../base/result.ts";
import type { Config } from "../../sdk/config.ts";

export interface ConfigProblem {
  /** Members from the outermost: `["agent", "concurrency"]`. */
  readonly path: readonly string[];
  readonly problem: string;
}

type Check = (value: unknown, path: readonly string[]) => ConfigProblem | undefined;

const shape = members({
  $schema: text,
  url: text,
  project: text,
  environment: text,
  tokenFile: text,
  repositories: record(text),
  agent: members({ concurrency: wholeNumber, executors: wholeNumber, provides: record(textOrTexts) }),
  server: members({ host: text, port: wholeNumber, dataDirectory: text }),
});

/** Checks a configuration that was loaded: the first thing that is wrong with it, with its place. */
export function checkConfig(value: unknown): Result<Config, ConfigProblem> {
  const problem = shape(value, []);
  // The shape above is that of the type, member for member.
  return problem === undefined ? ok(value as Config) : failure(problem);
}

function members(checks: Readonly<Record<string, Check>>): Check {
  return (value, path) => {
    if (!isObject(value)) return { path, problem: "must be an object" };
    for (const [name, member] of Object.entries(value)) {
      const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
      const known = Object.keys(checks).filter((key) => key !== "$schema");
      if (!check) return { path: [...path, name], problem: `is not known here; there are ${known.join(", ")}` };
      const problem = member === undefined ? undefined : check(member, [...path, name]);
      if (problem) return problem;
    }
    return undefined;
  };
}

function record(check: Check): Check {
  return (value, path) => {
    if (!isObject(value)) return { path, problem: "must be an object" };
    for (const [name, member] of Object.entries(value)) {
      const problem = check(member, [...path, name]);
      if (problem) return problem;
    }
    return undefined;
  };
}

function text(value: unknown, path: readonly string[]): ConfigProblem | undefined {
  return typeof value === "string" && value !== "" ? undefined : { path, problem: "must be a text that is not empty" };
}

function textOrTexts(value: unknown, path: readonly string[]): ConfigProblem | undefined {
  if (!Array.isArray(value)) return text(value, path);
  return value.every((member) => text(member, path) === undefined)
    ? undefined
    : { path, problem: "must be a text or a list of texts" };
}

function wholeNumber(value: unknown, path: readonly string[]): ConfigProblem | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
    ? undefined
    : { path, problem: "must be a whole number" };
}
