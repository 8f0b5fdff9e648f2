import type { Ms } from "../../base/clock.ts";
import { CommandError } from "../command-error.ts";
import type { Context } from "../context.ts";
import { exitCodeOfRun, exitCodes, type ExitCode } from "../exit-codes.ts";
import { printResult } from "./print-result.ts";
import { runFailure } from "./run-failure.ts";

export interface ResultFlags {
  /** How long to wait for a run that is not final. */
  readonly wait?: Ms;
}

/** `coflux runs result`: the result as JSON, and how the run ended as exit code. */
export async function showResult(context: Context, run: string, { wait = 0 }: ResultFlags): Promise<ExitCode> {
  const result = await context.api.call("get-result", { run }, { query: { waitMs: wait } });
  if (context.output.isJson) {
    context.output.json(result);
    return exitCodeOfRun(result.status === "spawned" ? "pending" : result.status);
  }
  if (result.status === "succeeded") {
    await printResult(context, run, result.value);
    return exitCodes.ok;
  }
  if (result.status === "pending" || result.status === "spawned") throw pending(context, run);
  throw await runFailure(context, { run, result });
}

function pending(context: Context, run: string): CommandError {
  return new CommandError({
    code: "pending",
    exitCode: exitCodes.detached,
    message: `run ${run} is not final yet`,
    hint: context.command(`runs watch ${run}`),
  });
}
