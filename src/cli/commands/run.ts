import { CommandError } from "../command-error.ts";
import type { Context } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { parseArgument } from "../input/run-arguments.ts";
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
  try {
    return await watchRun(context, runId, flags);
  } catch (error) {
    throw withKinds(error, words);
  }
}

/** A TypeError may come from a word that became a number, a boolean or null although a string was meant. */
function withKinds(error: unknown, words: readonly string[]): unknown {
  if (!(error instanceof CommandError) || error.code !== "run_failed" || !error.report[0]?.includes("TypeError"))
    return error;
  const advice = words.flatMap((word) => {
    const value = parseArgument(word);
    const isSimple =
      value.ok && typeof value.value !== "string" && (value.value === null || typeof value.value !== "object");
    return isSimple ? [`${word} was given as ${kindOf(value.value)}; as a string it is '"${word}"'`] : [];
  });
  if (advice.length === 0) return error;
  const { code, exitCode, message, report, hint, details } = error;
  return new CommandError({ code, exitCode, message, report, hint: [...advice, hint].join("\n"), details });
}

function kindOf(value: unknown): string {
  return value === null ? "null" : `a ${typeof value}`;
}
