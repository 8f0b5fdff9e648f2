import type { Context } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { type CallFlags, startRun } from "./start-run.ts";
import { type WatchFlags, watchRun } from "./watch-run.ts";

/** `coflux run`: starts a run and stays until it is final. */
export async function run(
  context: Context,
  target: string,
  words: readonly string[],
  flags: CallFlags & WatchFlags,
): Promise<ExitCode> {
  const { runId } = await startRun(context, target, words, flags);
  return await watchRun(context, runId, flags);
}
