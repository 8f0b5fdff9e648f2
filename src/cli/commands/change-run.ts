import { type ExecutionParts, parseExecutionId, parseRunId, parseStepId } from "../../protocol/ids.ts";
import { type CommandError, usageError } from "../command-error.ts";
import type { Context } from "../context.ts";
import { shownState } from "../run-tree/state.ts";

/** `coflux runs cancel`: a whole run, or one execution with all that it called. */
export async function cancel(context: Context, id: string): Promise<void> {
  const execution = parseExecutionId(id);
  if (execution) return await cancelExecution(context, id, execution);
  if (!parseRunId(id)) throw notToCancel(context, id);
  const { api, output } = context;
  await api.call("cancel-run", { run: id });
  const { status } = await api.call("get-result", { run: id });
  const isCancelled = status === "cancelled" || status === "pending";
  output.note(isCancelled ? `${id} is cancelled` : endedBefore(id, status));
}

/** How the execution is now tells whether there was anything to cancel. */
async function cancelExecution({ api, output }: Context, id: string, { run, step, attempt }: ExecutionParts) {
  await api.call("cancel-execution", { execution: id });
  const view = await api.call("get-run", { run }).catch(() => null); // It may be too large to show.
  const shown = view?.steps[step - 1]?.executions[attempt - 1];
  if (shown === undefined) return output.note(`${id} is cancelled, unless it had ended before`);
  const state = shownState(shown);
  const hadEnded = state === "succeeded" || state === "failed";
  output.note(hadEnded ? endedBefore(id, shown.status === "spawned" ? state : shown.status) : `${id} is cancelled`);
}

function endedBefore(id: string, status: string): string {
  return `${id} had ended before (${status.replace("_", " ")}); nothing changes`;
}

function notToCancel({ command }: Context, id: string): CommandError {
  const step = parseStepId(id);
  if (step === undefined) return usageError(`${JSON.stringify(id)} is neither a run (R…) nor an execution (R…:2:1)`);
  const hint = `${command(`runs cancel ${id}:1`)}\n${command(`runs cancel ${step.run}`)}`;
  return usageError(`${id} is a step; an attempt at it can be cancelled, or the whole run`, hint);
}

/** `coflux runs rerun`: a new attempt at a step; of a whole run: at its first. */
export async function rerun(context: Context, id: string): Promise<void> {
  const step = parseRunId(id) ? `${id}:1` : id;
  const parts = parseStepId(step);
  if (!parts) throw usageError(`${JSON.stringify(id)} is neither a step (R…:2) nor a run (R…)`);
  const started = await context.api.call("rerun-step", { step });
  if (context.output.isJson) return context.output.json(started);
  context.output.line(started.executionId);
  context.output.next(context.command(`runs watch ${parts.run}`));
}
