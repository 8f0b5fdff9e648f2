import { formatDuration } from "../../base/duration.ts";
import type { RunStatus, RunSummaryView } from "../../protocol/views.ts";
import type { Context } from "../context.ts";
import { formatMoment } from "../output/moment.ts";
import { paintStatus } from "../output/status.ts";
import type { Column } from "../output/table.ts";

export interface ListRunsFlags {
  readonly status?: RunStatus;
  readonly target?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** `coflux runs list`: newest first. */
export async function listRuns(context: Context, { status, target, limit, cursor }: ListRunsFlags): Promise<void> {
  const body = await context.api.call("list-runs", {}, { query: { status, target, limit, cursor } });
  const { output } = context;
  output.list({
    rows: body.runs,
    columns: runColumns(context, Date.now()),
    id: ({ id }) => id,
    body,
    empty: `no runs${status === undefined && target === undefined ? "" : " like that"} in ${context.place.environment}`,
  });
  if (body.cursor !== null) output.next(context.command(`runs list --cursor ${body.cursor}`));
}

function runColumns({ output }: Context, now: number): Column<RunSummaryView>[] {
  const { out } = output;
  return [
    { title: "RUN", value: ({ id }) => id },
    {
      title: "STATUS",
      value: ({ status }) => status,
      paint: (text, { status }) => paintStatus(status, out.colours)(text),
    },
    { title: "TARGET", value: ({ target }) => target, canShrink: true },
    { title: "CREATED", value: ({ createdAt }) => formatMoment(out, createdAt, now) },
    {
      title: "TOOK",
      value: ({ createdAt, completedAt }) => formatDuration(Math.max(0, (completedAt ?? now) - createdAt)),
      alignsRight: true,
    },
    { title: "PARENT", value: ({ parent }) => parent ?? "" },
  ];
}
