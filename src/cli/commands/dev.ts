import type { AgentOptions } from "../../protocol/agent-run.ts";
import { environmentKey } from "../../protocol/names.ts";
import { CommandError } from "../command-error.ts";
import type { Context } from "../context.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { knownTargets } from "../input/targets.ts";
import { DEV_DRAIN_MS } from "../limits.ts";
import { type AgentFlags, agentOptions, runAgent } from "./agent-start.ts";
import { type OwnAgent, waitForOwnAgent, warnOfRivals } from "./own-agent.ts";
import { type OwnServer, startOwnServer } from "./own-server.ts";
import { tellRuns } from "./tell-runs.ts";
import { exampleCall } from "./workflows.ts";

export interface DevFlags extends AgentFlags {
  readonly dataDir?: string;
}

/**
 * `coflux dev`: a server, if none answers, and an agent that reloads, both in this process. Ctrl-C reaches the agent, which drains; the
 * server stops after it, so that what ended last is still recorded.
 */
export async function dev(context: Context, files: readonly string[], flags: DevFlags): Promise<ExitCode> {
  const drainTimeout = flags.drainTimeout ?? DEV_DRAIN_MS;
  const options = agentOptions(context, files, { ...flags, drainTimeout, watch: true });
  const server = await startOwnServer(context, flags.dataDir);
  const ending = new AbortController();
  try {
    await createPlace(context);
    void announce(context, options, ending.signal);
    return await Promise.race([runAgent(context, options), ...(server === null ? [] : [server.lost])]);
  } finally {
    ending.abort();
    await stop(context, server);
  }
}

async function stop(context: Context, server: OwnServer | null): Promise<void> {
  if (server === null) return;
  await server.stop();
  context.output.note("the server has stopped");
}

/** The project and the environment, if they are not there yet. */
async function createPlace({ api, place }: Context): Promise<void> {
  await unlessThere(api.call("create-project", {}, { body: { id: place.project } }));
  await unlessThere(api.call("create-environment", {}, { body: { name: place.environment } }));
}

async function unlessThere(creating: Promise<unknown>): Promise<void> {
  try {
    await creating;
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode !== exitCodes.conflict) throw error;
  }
}

/** Once the agent has declared what it hosts: says where the server is and what to type, then what happens to its runs. */
async function announce(
  context: Context,
  { repositories }: Pick<AgentOptions, "repositories">,
  signal: AbortSignal,
): Promise<void> {
  const { output } = context;
  const names = repositories.map(({ name }) => name);
  const own = await waitForOwnAgent(context, names, signal);
  if (own === null) return;
  warnOfRivals(context, own, names);
  await announceTargets(context, names, own);
  if (output.isQuiet || output.isJson || signal.aborted) return;
  signal.addEventListener("abort", tellRuns(context, names), { once: true });
}

async function announceTargets(context: Context, names: readonly string[], { session }: OwnAgent): Promise<void> {
  const { api, output, place, command } = context;
  const { bold, dim } = output.err.colours;
  const { repositories } = await api.call("list-repositories", {}).catch(() => ({ repositories: [] }));
  const targets = knownTargets({ repositories }).filter(({ agents }) => agents.includes(session));
  const where = environmentKey(place.project, place.environment);
  const count = targets.length === 1 ? "1 target" : `${targets.length} targets`;
  output.note(`${bold(place.url)} ${dim(`${where}, ${count} of ${names.join(", ")}; reloads on change`)}`);
  const workflow = targets.find(({ target }) => target.type === "workflow");
  output.note(
    workflow === undefined
      ? "no workflow is exported yet; what is saved is loaded"
      : `next: ${bold(command(`run ${exampleCall(workflow.path, workflow.target.parameters)}`))}`,
  );
}
