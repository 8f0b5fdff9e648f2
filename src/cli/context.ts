import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Api, createApi } from "./api/api.ts";
import { usageError } from "./command-error.ts";
import { type ConfigFile, loadConfig } from "./input/config-file.ts";
import type { Place } from "../protocol/addresses.ts";
import { placeFlags, resolvePlace } from "./input/settings.ts";
import { type Output, createOutput } from "./output/output.ts";
import { canRedraw, createTerminal } from "./output/terminal.ts";

/** What stands before or behind any command. */
export interface GlobalFlags {
  readonly url?: string;
  readonly project?: string;
  readonly environment?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly debug?: boolean;
  /** False after `--no-color`. */
  readonly color: boolean;
}

/** What every command works with. */
export interface Context {
  readonly place: Place;
  readonly config: ConfigFile;
  readonly api: Api;
  readonly output: Output;
  /** Whether lines on stderr can be drawn again. */
  readonly canRedraw: boolean;
  readonly isDebug: boolean;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** A command for people to type, with the flags that make it work in the same place, or elsewhere: `coflux runs watch R… -e production`. */
  readonly command: (words: string, elsewhere?: Partial<Place>) => string;
  /** What the server says, with its commands (`coflux …` in backticks) as they reach it from here. */
  readonly withCommands: (message: string) => string;
}

export async function createContext(flags: GlobalFlags): Promise<Context> {
  const variables = process.env;
  const workingDirectory = process.cwd();
  const config = await loadConfig(workingDirectory);
  const typed: Partial<Place> = {
    ...(flags.url === undefined ? {} : { url: flags.url }),
    ...(flags.project === undefined ? {} : { project: flags.project }),
    ...(flags.environment === undefined ? {} : { environment: flags.environment }),
  };
  const place = resolvePlace({ flags: typed, variables, config: config.config });
  if (!place.ok) throw usageError(place.error);
  const token = await readToken(flags, variables, config);
  const output = createCommandOutput(flags);
  const executable = executableName(variables);
  const atUrl = placeFlags(flags.url === undefined ? {} : { url: flags.url }); // The server knows its names, but not how it is reached.
  return {
    place: place.value,
    config,
    api: createApi({ ...place.value, token }),
    output,
    canRedraw: canRedraw(output.err, variables),
    isDebug: flags.debug === true,
    variables,
    workingDirectory,
    command: (words, elsewhere) => `${executable} ${words}${placeFlags({ ...typed, ...elsewhere })}`,
    withCommands: (message) =>
      message.replace(/`coflux ([^`]+)`/g, (_, words: string) => {
        const isServerItself = words.startsWith("server start"); // It is reached by nothing.
        return `\`${executable} ${words}${isServerItself ? "" : atUrl}\``;
      }),
  };
}

/** What to type: npm knows where it has installed the command, but other shells than those that npm starts do not. */
export function executableName(variables: Context["variables"]): string {
  return variables["npm_command"] === undefined ? "coflux" : "npx coflux";
}

/** Both streams of this process; also for errors that come before there is a context. */
export function createCommandOutput(flags: Pick<GlobalFlags, "color" | "json" | "quiet">): Output {
  const options = { wantsColour: flags.color, environment: process.env };
  return createOutput({
    out: createTerminal(process.stdout, options),
    err: createTerminal(process.stderr, options),
    isJson: flags.json === true,
    isQuiet: flags.quiet === true,
  });
}

/** From `--token-file`, COFLUX_TOKEN_FILE or COFLUX_TOKEN, or the configuration. There is no flag for the token itself: `ps` would show it. */
async function readToken(
  flags: GlobalFlags,
  variables: Context["variables"],
  { config, directory }: ConfigFile,
): Promise<string | null> {
  const file = flags.tokenFile ?? variables["COFLUX_TOKEN_FILE"];
  if (!file && variables["COFLUX_TOKEN"]) return variables["COFLUX_TOKEN"];
  const path = file || (config.tokenFile === undefined ? undefined : resolve(directory, config.tokenFile));
  if (path === undefined) return null;
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw usageError(`the token file cannot be read: ${error.message}`);
  });
  const token = text.trim();
  if (token === "") throw usageError(`the token file ${path} is empty`);
  return token;
}
