import type { AgentView } from "../../protocol/views.ts";
import type { Context } from "../context.ts";
import { formatMoment } from "../output/moment.ts";

export async function listAgents(context: Context): Promise<void> {
  const { api, output, place } = context;
  const body = await api.call("list-agents", {});
  const { colours } = output.out;
  const now = Date.now();
  output.list({
    rows: body.agents,
    columns: [
      { title: "SESSION", value: ({ sessionId }) => sessionId },
      {
        title: "STATE",
        value: stateOf,
        paint: (text, agent) => (stateOf(agent) === "connected" ? colours.green(text) : colours.yellow(text)),
      },
      { title: "REPOSITORIES", value: ({ repositories }) => repositories.join(", "), canShrink: true },
      { title: "RUNNING", value: ({ running, concurrency }) => `${running}/${concurrency}`, alignsRight: true },
      { title: "WAITING", value: ({ waiting }) => String(waiting), alignsRight: true },
      { title: "HOST", value: ({ host, pid }) => `${host}:${pid}`, canShrink: true },
      { title: "SINCE", value: ({ createdAt }) => formatMoment(output.out, createdAt, now) },
    ],
    id: ({ sessionId }) => sessionId,
    body,
    empty: `no agents in ${place.environment}: ${context.command("agent start <files…>")}`,
  });
}

export async function drainAgent({ api, output }: Context, session: string): Promise<void> {
  await api.call("drain-agent", { session });
  output.note(`${session} gets nothing new; what it runs goes on`);
}

function stateOf({ connected, draining }: AgentView): string {
  if (!connected) return "disconnected";
  return draining ? "draining" : "connected";
}
