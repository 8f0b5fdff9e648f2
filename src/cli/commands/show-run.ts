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
import { buildTrees } from "../run-tree/tree.ts";

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
  const cause = findRootCause(run)?.result;
  const facts = factsOf(run, context);
  // An error stands below the tree, with its frames.
  output.facts(cause?.status === "failed" ? facts.filter(([name]) => name !== "result") : facts);
  output.line("");
  const columns = out.size()?.columns ?? null;
  const withGroups = columns !== null && !all;
  const shown = { columns, lines: Infinity, withGroups, withAttempts: all };
  const look = { colours: out.colours, hasUnicode: out.hasUnicode, ...shown };
  const tree = renderRun(run, environmentKey(place.project, place.environment), Date.now(), look);
  for (const line of tree.slice(1)) output.line(line); // The facts above say what its header says.
  if (cause?.status === "failed") {
    output.line("");
    for (const line of errorLines(cause.error, out.colours)) output.line(line);
  }
  if (!all) noteEarlier(context, run);
}

/** The tree has the latest attempts, and what they called; the count below it is of all steps. */
function noteEarlier({ output, command }: Context, run: RunView): void {
  const drawn = buildTrees(run, { withGroups: false, withAttempts: false }).reduce((sum, { size }) => sum + size, 0);
  const left = run.steps.length - drawn;
  if (left === 0) return;
  const steps = left === 1 ? "1 step" : `${left} steps`;
  output.note(`${steps} of earlier attempts left out: ${command(`runs show ${run.id} --all`)}`);
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
