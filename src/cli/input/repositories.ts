import { existsSync, statSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import { type Result, failure, ok } from "../../base/result.ts";
import type { AgentRepository } from "../../protocol/agent-run.ts";
import { isRepositoryName, repositoryNameRule } from "../../protocol/names.ts";
import type { ConfigFile } from "./config-file.ts";

const moduleExtension = /\.[cm]?[jt]sx?$/;

/**
 * The repositories that an agent is to host: `flows.ts`, or `name=flows.ts`. Without a name it is the path from the working directory
 * without its extension. Fails with a sentence that names every word that is none.
 */
export function readRepositories(
  words: readonly string[],
  workingDirectory: string,
): Result<AgentRepository[], string> {
  const repositories: AgentRepository[] = [];
  const problems: string[] = [];
  for (const word of words) {
    const read = readRepository(word, workingDirectory);
    if (!read.ok) {
      problems.push(read.error);
      continue;
    }
    const { name, path } = read.value;
    const same = repositories.find((known) => known.name === name);
    if (same === undefined) repositories.push(read.value);
    else if (same.path === path) problems.push(`${word}: ${path} is named twice`);
    else problems.push(`two files are named ${name}; give one another name: other=${word}`);
  }
  return problems.length === 0 ? ok(repositories) : failure(problems.join("\n"));
}

/** The same of a configuration, whose paths are relative to itself. */
export function configuredRepositories({ config, directory }: ConfigFile): Result<AgentRepository[], string> {
  const words = Object.entries(config.repositories ?? {}).map(([name, path]) => `${name}=${path}`);
  return readRepositories(words, directory);
}

function readRepository(word: string, workingDirectory: string): Result<AgentRepository, string> {
  const equals = word.indexOf("=");
  const path = resolve(workingDirectory, equals < 0 ? word : word.slice(equals + 1));
  const name = equals < 0 ? nameOf(relative(workingDirectory, path)) : word.slice(0, equals);
  if (!existsSync(path)) return failure(`${word}: there is no file ${path}`);
  if (!statSync(path).isFile()) return failure(`${word}: ${path} is not a file; name the module itself`);
  if (!moduleExtension.test(path)) return failure(`${word}: a repository is a TypeScript or JavaScript module`);
  if (!isRepositoryName(name)) {
    return failure(
      `${word}: ${JSON.stringify(name)} is no name for a repository (${repositoryNameRule}); give one: name=${word}`,
    );
  }
  return ok({ name, path });
}

function nameOf(path: string): string {
  return path.split(sep).join("/").replace(moduleExtension, "");
}
