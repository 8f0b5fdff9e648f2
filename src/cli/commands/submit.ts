import type { Context } from "../context.ts";
import { type CallFlags, startRun } from "./start-run.ts";

/** `coflux submit`: starts a run and prints its id. */
export async function submit(
  context: Context,
  target: string,
  words: readonly string[],
  flags: CallFlags,
): Promise<void> {
  const { target: _path, ...started } = await startRun(context, target, words, flags);
  if (context.output.isJson) return context.output.json(started);
  context.output.line(started.runId);
  context.output.next(context.command(`runs watch ${started.runId}`));
}
