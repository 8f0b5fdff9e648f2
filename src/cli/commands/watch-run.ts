import { environmentKey } from "../../protocol/names.ts";
import type { RunView } from "../../protocol/views.ts";
import { realClock, realRandom, realTimers } from "../../process/real-clock.ts";
import { followRun } from "../api/follow-run.ts";
import type { Context } from "../context.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { type Progress, createProgress } from "../run-tree/progress.ts";
import type { ProgressKind } from "../run-tree/progress-kind.ts";
import { findRootCause } from "../run-tree/root-cause.ts";
import { listenForInterrupt } from "./interrupts.ts";
import { printResult } from "./print-result.ts";
import { runFailure } from "./run-failure.ts";

export interface WatchFlags {
  readonly progress: ProgressKind;
  readonly cancelOnInterrupt?: boolean;
}

/** Stays with a run until it is final: its progress on stderr, then its result on stdout or why there is none. */
export async function watchRun(context: Context, runId: string, flags: WatchFlags): Promise<ExitCode> {
  const progress = createProgress(progressKind(context, flags.progress), {
    terminal: context.output.err,
    clock: realClock,
    timers: realTimers,
    place: environmentKey(context.place.project, context.place.environment),
  });
  const run = await followUntilInterrupt(context, runId, flags, progress);
  if (run === "detached") return detach(context, runId);
  const result = await context.api.call("get-result", { run: runId });
  if (result.status === "succeeded") {
    await printResult(context, runId, result.value);
    await pointToLogs(context, runId);
    return exitCodes.ok;
  }
  if (result.status === "pending" || result.status === "spawned") return detach(context, runId); // Its first step was run again.
  const cause = run === null ? undefined : findRootCause(run);
  throw await runFailure(context, {
    run: runId,
    result,
    cause,
  });
}

/** What a run has printed is in its log, which nobody finds who does not know of it. */
async function pointToLogs({ api, output, command }: Context, run: string): Promise<void> {
  if (!output.err.isTty) return;
  const { logs } = await api.call("get-logs", { run }, { query: { limit: 1 } });
  if (logs.length > 0) output.next(command(`logs ${run}`));
}

function detach({ output, command }: Context, runId: string): ExitCode {
  output.note(`detached; run ${runId} goes on: ${command(`runs watch ${runId}`)}`);
  output.note(`to end it: ${command(`runs cancel ${runId}`)}`);
  return exitCodes.detached;
}

/** A signal detaches; with `--cancel-on-interrupt` it cancels the run, whose end is then waited for. */
async function followUntilInterrupt(
  context: Context,
  runId: string,
  { cancelOnInterrupt = false }: WatchFlags,
  progress: Progress,
): Promise<RunView | null | "detached"> {
  const ending = new AbortController();
  let refusal: Error | undefined;
  const onInterrupt = (): void => {
    if (!cancelOnInterrupt) return ending.abort();
    context.api.call("cancel-run", { run: runId }).catch((error: Error) => {
      refusal = error;
      ending.abort();
    });
  };
  const stopListening = listenForInterrupt(onInterrupt, () => progress.close());
  try {
    const parts = { clock: realClock, timers: realTimers, random: realRandom, signal: ending.signal };
    return await followRun(context.api, runId, { ...parts, onRun: (run) => progress.show(run) });
  } catch (error) {
    if (ending.signal.aborted && refusal === undefined) return "detached";
    throw refusal ?? error;
  } finally {
    progress.close();
    stopListening();
  }
}

function progressKind({ output, canRedraw }: Context, wanted: ProgressKind): Exclude<ProgressKind, "auto"> {
  if (wanted !== "auto") return wanted;
  if (output.isJson || output.isQuiet) return "none";
  return canRedraw ? "tree" : "plain";
}
