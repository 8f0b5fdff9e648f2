import type { ResultView, StepView } from "../../protocol/views.ts";
import type { Api } from "../api/api.ts";
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
export async function runFailure(context: Context, { run, result, cause }: FailedRun): Promise<CommandError> {
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
    hint: await hintFor(context, run, cause),
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

async function hintFor({ api, command }: Context, run: string, cause: RootCause | undefined): Promise<string> {
  const called = cause?.calledRun;
  const show = called === undefined ? [] : [`runs show ${called}`];
  const logged = called === undefined ? await placeWithLog(api, run, cause?.step) : await placeWithLog(api, called);
  const logs = logged === undefined ? [] : [`logs ${logged}`];
  return [...show, ...logs, `runs rerun ${run}:1`].map((words) => command(words)).join("\n");
}

/** The step when it has lines of log, else its run; undefined when neither has any. */
async function placeWithLog(api: Api, run: string, step?: StepView): Promise<string | undefined> {
  const hasLines = async (query: Readonly<Record<string, string>>): Promise<boolean> =>
    (await api.call("get-logs", { run }, { query: { ...query, limit: 1 } })).logs.length > 0;
  try {
    if (step !== undefined && (await hasLines({ step: step.id }))) return step.id;
    return (await hasLines({})) ? run : undefined;
  } catch {
    return run; // The question was only for the hint.
  }
}
