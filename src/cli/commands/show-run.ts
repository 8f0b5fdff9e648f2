import { environmentKey } from "../../protocol/names.ts";
import type { RunView } from "../../protocol/views.ts";
import type { Context } from "../context.ts";
import { errorLines } from "../output/error-lines.ts";
import { formatMoment } from "../output/moment.ts";
import { paintStatus } from "../output/status.ts";
import { summarizeValue } from "../output/summarize-value.ts";
import { describeResult } from "../run-tree/describe.ts";
import { renderRun } from "../run-tree/render.ts";
import { findRootCause } from "../run-tree/root-cause.ts";
import { latestExecution } from "../run-tree/state.ts";

export interface ShowRunFlags {
  /** Every step has its line, also on a terminal. */
  readonly all?: boolean;
}

/** `coflux runs show`: what a run is, its tree, and its result or what went wrong. */
export async function showRun(context: Context, id: string, { all = false }: ShowRunFlags): Promise<void> {
  const run = await context.api.call("get-run", { run: id });
  const { output, place } = context;
  if (output.isJson) return output.json(run);
  if (output.isQuiet) return output.line(run.id);
  const { out } = output;
  output.facts(factsOf(run, context));
  output.line("");
  const columns = out.size()?.columns ?? null;
  const withGroups = columns !== null && !all;
  const shown = { columns, lines: Infinity, withGroups, withAttempts: all };
  const look = { colours: out.colours, hasUnicode: out.hasUnicode, ...shown };
  const tree = renderRun(run, environmentKey(place.project, place.environment), Date.now(), look);
  for (const line of tree.slice(1)) output.line(line); // The facts above say what its header says.
  const cause = findRootCause(run)?.result;
  if (cause?.status !== "failed") return;
  output.line("");
  for (const line of errorLines(cause.error, out.colours)) output.line(line);
}

function factsOf(run: RunView, { output: { out } }: Context): (readonly [string, string])[] {
  const now = Date.now();
  const result = run.steps[0] && latestExecution(run.steps[0])?.result;
  const facts: (readonly [string, string])[] = [
    ["run", run.id],
    ["target", run.target],
    ["status", paintStatus(run.status, out.colours)(run.status)],
    ["created", formatMoment(out, run.createdAt, now)],
    ["completed", formatMoment(out, run.completedAt, now)],
  ];
  if (run.parent !== null) facts.push(["parent", run.parent]);
  if (run.idempotencyKey !== null) facts.push(["key", run.idempotencyKey]);
  if (result)
    facts.push(["result", result.status === "succeeded" ? summarizeValue(result.value) : describeResult(result)]);
  return facts;
}
