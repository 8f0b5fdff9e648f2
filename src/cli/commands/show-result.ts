import type { Ms } from "../../base/clock.ts";
import { CommandError } from "../command-error.ts";
import type { Context } from "../context.ts";
import { exitCodeOfRun, exitCodes, type ExitCode } from "../exit-codes.ts";
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
    await printResult(context, result.value);
    return exitCodes.ok;
  }
  if (result.status === "pending" || result.status === "spawned") throw pending(context, run);
  throw runFailure(context, { run, result });
}

/** The value of a result as JSON. A large one is a blob, whose text is that JSON. */
export async function printResult({ api, output }: Context, value: unknown): Promise<void> {
  const key = blobKeyOf(value);
  if (key === undefined) return output.json(value);
  output.line(await api.blobText(key));
}

function blobKeyOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("$" in value) || value.$ !== "blob" || !("v" in value))
    return undefined;
  const { v: blob } = value;
  return typeof blob === "object" && blob !== null && "key" in blob && typeof blob.key === "string"
    ? blob.key
    : undefined;
}

function pending(context: Context, run: string): CommandError {
  return new CommandError({
    code: "pending",
    exitCode: exitCodes.detached,
    message: `run ${run} is not final yet`,
    hint: context.command(`runs watch ${run}`),
  });
}
