import type { Ms } from "../../base/clock.ts";
import type { AgentEvent, AgentOptions, AgentRepository } from "../../protocol/agent-run.ts";
import { isErrorCode } from "../../protocol/error-codes.ts";
import { bundles } from "../bundles.ts";
import { CommandError, usageError } from "../command-error.ts";
import type { Context } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import type { Tags } from "../input/option-values.ts";
import { configuredRepositories, readRepositories } from "../input/repositories.ts";
import { waitForOwnAgent, warnOfRivals } from "./own-agent.ts";

export interface AgentFlags {
  readonly concurrency?: number;
  readonly executors?: number;
  readonly provides?: Tags;
  readonly drainTimeout?: Ms;
  readonly watch?: boolean;
}

type HostOptions = Omit<AgentOptions, "onEvent">;

interface AgentEntry {
  readonly runAgent: (options: AgentOptions) => Promise<ExitCode>;
}

/** `coflux agent start`: this process becomes the agent. */
export async function startAgent(context: Context, files: readonly string[], flags: AgentFlags): Promise<ExitCode> {
  const options = agentOptions(context, files, flags);
  const ending = new AbortController();
  void lookForRivals(context, options, ending.signal);
  try {
    return await runAgent(context, options);
  } finally {
    ending.abort();
  }
}

async function lookForRivals(
  context: Context,
  { repositories }: Pick<AgentOptions, "repositories">,
  signal: AbortSignal,
): Promise<void> {
  const names = repositories.map(({ name }) => name);
  const own = await waitForOwnAgent(context, names, signal);
  if (own !== null) warnOfRivals(context, own, names);
}

/** Throws when there is no such project or environment, or it is archived. */
export async function runAgent(context: Context, options: HostOptions): Promise<ExitCode> {
  const entry: AgentEntry = await import(bundles.agent.href);
  let refusal: AgentEvent | undefined;
  const onEvent = (event: AgentEvent): void => {
    if (event.kind === "not_found") refusal = event;
    else reportAgentEvent(context, event);
  };
  const exitCode = await entry.runAgent({ ...options, onEvent });
  if (refusal !== undefined) throw notFoundError(refusal, exitCode);
  return exitCode;
}

function notFoundError({ code = "", text }: AgentEvent, exitCode: ExitCode): CommandError {
  return new CommandError({ code: isErrorCode(code) ? code : "environment_not_found", exitCode, message: text });
}

/** What the agent is told: flags, then the configuration; what neither says is left to the agent. */
export function agentOptions(context: Context, files: readonly string[], flags: AgentFlags): HostOptions {
  const { place, config } = context;
  const configured = config.config.agent ?? {};
  const concurrency = flags.concurrency ?? configured.concurrency;
  const executors = flags.executors ?? configured.executors;
  const provides = flags.provides ?? tagsOf(configured.provides);
  return {
    ...place,
    repositories: repositoriesOf(context, files),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(executors === undefined ? {} : { executors }),
    ...(provides === undefined ? {} : { provides }),
    ...(flags.watch === undefined ? {} : { watch: flags.watch }),
    ...(flags.drainTimeout === undefined ? {} : { drainTimeoutMs: flags.drainTimeout }),
  };
}

function reportAgentEvent({ output }: Context, { level, text }: AgentEvent): void {
  const { colours } = output.err;
  const paint = { info: (line: string) => line, warning: colours.yellow, error: colours.red }[level];
  if (level === "info") return output.note(paint(text));
  output.err.write(`${paint(text)}\n`);
}

function repositoriesOf({ config, workingDirectory }: Context, files: readonly string[]): readonly AgentRepository[] {
  const read = files.length > 0 ? readRepositories(files, workingDirectory) : configuredRepositories(config);
  if (!read.ok) throw usageError(read.error);
  if (read.value.length === 0) {
    throw usageError(
      "nothing to host: no files are named, and no configuration lists repositories",
      "name a module, such as flows.ts, or list repositories in coflux.config.ts",
    );
  }
  return read.value;
}

function tagsOf(tags: Readonly<Record<string, string | readonly string[]>> | undefined): Tags | undefined {
  if (tags === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(tags).map(([key, value]) => [key, typeof value === "string" ? [value] : value]),
  );
}
