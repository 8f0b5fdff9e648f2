import { setTimeout as delay } from "node:timers/promises";
import type { AgentOptions } from "../../protocol/agent-run.ts";
import { environmentKey } from "../../protocol/names.ts";
import { CommandError } from "../command-error.ts";
import type { Context } from "../context.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { type KnownTarget, knownTargets } from "../input/targets.ts";
import { DECLARE_POLL_MS, DECLARE_WAIT_MS, DEV_DRAIN_MS } from "../limits.ts";
import { type AgentFlags, agentOptions, runAgent } from "./agent-start.ts";
import { type OwnServer, startOwnServer } from "./own-server.ts";
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

/** Says where the server is and what to type, once the agent has declared what it hosts. */
async function announce(
  context: Context,
  { repositories }: Pick<AgentOptions, "repositories">,
  signal: AbortSignal,
): Promise<void> {
  const { output, place } = context;
  const { bold, dim } = output.err.colours;
  const names = repositories.map(({ name }) => name);
  const hosted = await waitForTargets(context, names, signal);
  if (signal.aborted) return;
  if (hosted === null) return output.note(`the agent is not connected yet; what is wrong: ${context.command("ps")}`);
  const where = environmentKey(place.project, place.environment);
  output.note(
    `${bold(place.url)} ${dim(`${where}, ${hosted.length} targets of ${names.join(", ")}; reloads on change`)}`,
  );
  const workflow = hosted.find(({ target }) => target.type === "workflow");
  output.note(
    workflow === undefined
      ? "no workflow is exported yet; what is saved is loaded"
      : `next: ${bold(context.command(`run ${exampleCall(workflow.path, workflow.target.parameters)}`))}`,
  );
}

/** The targets of these repositories once an agent is connected that hosts them all; null if there is none after `DECLARE_WAIT_MS`. */
async function waitForTargets(
  context: Context,
  names: readonly string[],
  signal: AbortSignal,
): Promise<KnownTarget[] | null> {
  const end = performance.now() + DECLARE_WAIT_MS;
  while (!signal.aborted && performance.now() < end) {
    const body = await context.api.call("list-repositories", {}).catch(() => ({ repositories: [] }));
    const hosted = body.repositories.filter(({ name, agents }) => names.includes(name) && agents.length > 0);
    if (hosted.length === names.length) return knownTargets({ repositories: hosted });
    await delay(DECLARE_POLL_MS, undefined, { signal }).catch(() => undefined); // Aborted: the loop ends.
  }
  return null;
}
