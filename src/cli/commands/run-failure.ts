import type { ResultView } from "../../protocol/views.ts";
import { CommandError } from "../command-error.ts";
import type { Context } from "../context.ts";
import { exitCodeOfRun } from "../exit-codes.ts";
import { errorLines } from "../output/error-lines.ts";
import { describeResult, detailsOfResult } from "../run-tree/describe.ts";
import type { RootCause } from "../run-tree/root-cause.ts";

export interface FailedRun {
  readonly run: string;
  readonly result: ResultView;
  /** Where it went wrong, if that is known, and how. */
  readonly cause?: RootCause | undefined;
}

/** The end of a command whose run did not succeed: the error where it arose, with its frames, and what to type next. */
export function runFailure(context: Context, { run, result, cause }: FailedRun): CommandError {
  const { status } = result;
  if (status === "succeeded" || status === "spawned") throw new Error(`run ${run} is no failure: ${status}`);
  const shown = cause?.result ?? result;
  const where = cause === undefined ? "" : ` in ${cause.step.target} (${cause.execution.id})`;
  const { colours } = context.output.err;
  return new CommandError({
    code: `run_${status}`,
    exitCode: exitCodeOfRun(status),
    message: `run ${run} ${verbs[status]}${where}${reasonOf(shown, status)}`,
    report: shown.status === "failed" ? errorLines(shown.error, colours) : [],
    hint: hintFor(context, run, cause),
    details: { runId: run, execution: cause?.execution.id, result: shown },
  });
}

const verbs = {
  failed: "failed",
  abandoned: "was abandoned",
  timed_out: "timed out",
  cancelled: "was cancelled",
} as const;

/** What the verb does not say already. */
function reasonOf(shown: ResultView, status: ResultView["status"]): string {
  if (shown.status === "failed") return ""; // The report has it.
  if (shown.status !== status) return `: ${describeResult(shown)}`;
  const details = detailsOfResult(shown);
  return details === "" ? "" : `: ${details}`;
}

function hintFor(context: Context, run: string, cause: RootCause | undefined): string {
  const called = cause?.calledRun;
  if (called !== undefined)
    return [`runs show ${called}`, `logs ${called}`, `runs rerun ${run}:1`]
      .map((words) => context.command(words))
      .join("\n");
  return [`logs ${cause?.step.id ?? run}`, `runs rerun ${run}:1`].map((words) => context.command(words)).join("\n");
}
