import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { AgentView } from "../../protocol/views.ts";
import type { Context } from "../context.ts";
import { DECLARE_POLL_LIMIT_MS, DECLARE_POLL_MS } from "../limits.ts";

/** The agent of this process as the server sees it, and who else takes calls of some of the same repositories. */
export interface OwnAgent {
  readonly session: string;
  readonly rivals: readonly AgentView[];
}

/** Waits until the agent of this process has declared these repositories; null when the signal aborts before. */
export async function waitForOwnAgent(
  { api }: Pick<Context, "api">,
  repositories: readonly string[],
  signal: AbortSignal,
): Promise<OwnAgent | null> {
  const isOwn = ({ host, pid }: AgentView): boolean => host === hostname() && pid === process.pid;
  for (let pauseMs = DECLARE_POLL_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, DECLARE_POLL_LIMIT_MS)) {
    const { agents } = await api.call("list-agents", {}).catch(() => ({ agents: [] })); // The server may be on its way.
    const connected = agents.filter((agent) => agent.connected);
    const own = connected.find(
      (agent) => isOwn(agent) && repositories.every((name) => agent.repositories.includes(name)),
    );
    if (own !== undefined) {
      const takesCalls = (agent: AgentView): boolean => !agent.draining && sharedWith(agent, repositories).length > 0;
      return { session: own.sessionId, rivals: connected.filter((agent) => !isOwn(agent) && takesCalls(agent)) };
    }
    await delay(pauseMs, undefined, { signal }).catch(() => undefined); // Aborted: the loop ends.
  }
  return null;
}

/** Each call goes to any of the agents that host its target, whichever code they have. With the same code that is as it should be. */
export function warnOfRivals(
  { output, command }: Pick<Context, "output" | "command">,
  { rivals }: OwnAgent,
  repositories: readonly string[],
): void {
  const [first] = rivals;
  if (first === undefined) return;
  const { yellow } = output.err.colours;
  const shared = repositories.filter((name) => rivals.some((rival) => rival.repositories.includes(name)));
  const others =
    rivals.length === 1
      ? `the agent ${first.host}:${first.pid} hosts`
      : `${rivals.length} other agents (${command("agents list")}) host`;
  output.note(
    yellow(
      `${others} ${shared.join(", ")} here too: a call goes to any agent that has room. If their code is not yours, host yours under another ` +
        "name (name=flows.ts), in another environment (-e) or on another server (--url)",
    ),
  );
}

function sharedWith(agent: AgentView, repositories: readonly string[]): string[] {
  return repositories.filter((name) => agent.repositories.includes(name));
}
