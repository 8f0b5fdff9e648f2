import { parseExecutionId, parseRunId, parseStepId } from "../../protocol/ids.ts";
import { usageError } from "../command-error.ts";
import type { Context } from "../context.ts";

/** `coflux runs cancel`: a whole run, or one execution with all that it called. */
export async function cancel({ api, output }: Context, id: string): Promise<void> {
  if (parseExecutionId(id)) {
    await api.call("cancel-execution", { execution: id });
    return output.note(`${id} is cancelled, unless it had ended before`);
  }
  if (!parseRunId(id)) throw usageError(`${JSON.stringify(id)} is neither a run (R…) nor an execution (R…:2:1)`);
  await api.call("cancel-run", { run: id });
  const { status } = await api.call("get-result", { run: id });
  const isCancelled = status === "cancelled" || status === "pending";
  output.note(isCancelled ? `${id} is cancelled` : `${id} had ended before (${status}); what it called does not go on`);
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
