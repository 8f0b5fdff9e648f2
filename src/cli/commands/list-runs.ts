import { formatDuration } from "../../base/duration.ts";
import { parseTargetPath } from "../../protocol/names.ts";
import type { RunListView, RunStatus, RunSummaryView } from "../../protocol/views.ts";
import type { Context } from "../context.ts";
import { RUNS_LISTED } from "../limits.ts";
import { formatMoment } from "../output/moment.ts";
import { paintStatus } from "../output/status.ts";
import type { Column } from "../output/table.ts";
import { findWorkflow } from "./find-target.ts";

export interface ListRunsFlags {
  readonly status?: RunStatus;
  readonly target?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** `coflux runs list`: newest first. */
export async function listRuns(context: Context, flags: ListRunsFlags): Promise<void> {
  const { status, limit } = flags;
  const { target, body } = await findRuns(context, flags);
  const { output } = context;
  output.list({
    rows: body.runs,
    columns: runColumns(context, Date.now()),
    id: ({ id }) => id,
    body,
    empty: `no runs${status === undefined && target === undefined ? "" : " like that"} in ${context.place.environment}`,
  });
  if (body.cursor === null) return;
  const filters = [
    ...(status === undefined ? [] : [`--status ${status}`]),
    ...(target === undefined ? [] : [`--target ${target}`]),
    ...(limit === RUNS_LISTED ? [] : [`--limit ${limit}`]),
  ];
  output.next(context.command(["runs list", ...filters, `--cursor ${body.cursor}`].join(" ")));
}

interface FoundRuns {
  /** Its whole path, also when only its beginning or its name was typed. */
  readonly target: string | undefined;
  readonly body: RunListView;
}

/** A path is taken as it is, because runs outlive their target; where it has no runs, it may be the beginning of another. */
async function findRuns(context: Context, { status, target, limit, cursor }: ListRunsFlags): Promise<FoundRuns> {
  const list = async (path: string | undefined): Promise<FoundRuns> => ({
    target: path,
    body: await context.api.call("list-runs", {}, { query: { status, target: path, limit, cursor } }),
  });
  if (target === undefined) return await list(target);
  if (parseTargetPath(target) === undefined) return await list(await findWorkflow(context, target));
  const found = await list(target);
  if (found.body.runs.length > 0 || cursor !== undefined) return found;
  const path = await findWorkflow(context, target);
  return path === target ? found : await list(path);
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
