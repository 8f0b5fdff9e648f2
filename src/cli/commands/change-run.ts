import { parseExecutionId, parseRunId, parseStepId } from "../../protocol/ids.ts";
import { usageError } from "../command-error.ts";
import type { Context } from "../context.ts";

/** `coflux runs cancel`: a whole run, or one execution with all that it called. */
export async function cancel(context: Context, id: string): Promise<void> {
  if (parseExecutionId(id)) await context.api.call("cancel-execution", { execution: id });
  else if (parseRunId(id)) await context.api.call("cancel-run", { run: id });
  else throw usageError(`${JSON.stringify(id)} is neither a run (R…) nor an execution (R…:2:1)`);
  context.output.note(`${id} is cancelled, or was final already`);
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
