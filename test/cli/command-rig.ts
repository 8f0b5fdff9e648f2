import { afterEach, beforeAll, beforeEach } from "vitest";
import { type CommandEnd, type CommandOptions, type RunCommand, buildCommandLine } from "../support/cli-build.ts";
import { type ScriptedApi, startScriptedApi } from "../support/scripted-api.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** The command line as a process of its own, with a scripted API at COFLUX_URL and an empty working directory for each test. */
export interface CommandRig {
  readonly api: () => ScriptedApi;
  readonly directory: () => string;
  /** `coflux(["runs", "list"])`, or the words in one text. */
  readonly coflux: (words: string | readonly string[], options?: CommandOptions) => Promise<CommandEnd>;
}

export function useCommandLine(): CommandRig {
  let command: RunCommand;
  let api: ScriptedApi;
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;

  beforeAll(async () => {
    command = await buildCommandLine();
  });
  beforeEach(async () => {
    api = await startScriptedApi();
    directory = await temporaryDirectory();
  });
  afterEach(async () => {
    await api.close();
    await directory.remove();
  });

  return {
    api: () => api,
    directory: () => directory.path,
    coflux: async (words, options = {}) =>
      await command(typeof words === "string" ? words.split(" ") : words, {
        cwd: directory.path,
        variables: { COFLUX_URL: api.url },
        ...options,
      }),
  };
}
