import { readFile } from "node:fs/promises";
import { text as readAll } from "node:stream/consumers";
import type { Ms } from "../../base/clock.ts";
import { parseTargetPath } from "../../protocol/names.ts";
import type { StartedRunView } from "../../protocol/views.ts";
import { CommandError, usageError } from "../command-error.ts";
import { fitStart } from "../api/fit-start.ts";
import type { Context } from "../context.ts";
import { isLikelyBrokenJson, parseArgument, parseParams, retriesOf } from "../input/run-arguments.ts";
import { findWorkflow } from "./find-target.ts";

/** The flags of `submit` and `run`. */
export interface CallFlags {
  /** JSON, `@file` or `-` for stdin. */
  readonly params?: string;
  readonly idempotencyKey?: string;
  readonly delay?: Ms;
  readonly timeout?: Ms;
  readonly priority?: number;
  readonly retries?: number | "unlimited";
  readonly backoff?: readonly [Ms, Ms];
}

export interface StartedRun extends StartedRunView {
  /** The whole path, also when only its beginning was typed. */
  readonly target: string;
}

/** Starts a run of the target that was meant. */
export async function startRun(
  context: Context,
  target: string,
  words: readonly string[],
  flags: CallFlags,
): Promise<StartedRun> {
  const body = {
    ...(flags.params === undefined
      ? { arguments: words.map((word) => argumentOf(context, word)) }
      : { params: await readParams(flags.params, words) }),
    idempotencyKey: flags.idempotencyKey,
    delayMs: flags.delay,
    timeoutMs: flags.timeout,
    priority: flags.priority,
    retries: retriesOf(flags.retries, flags.backoff),
  };
  const start = async (path: string): Promise<StartedRun> => {
    try {
      const fitting = await fitStart(context.api, { target: path, ...body });
      const started = await context.api.call("start-run", {}, { body: fitting });
      return { ...started, target: path };
    } catch (error) {
      throw withSignature(context, path, error);
    }
  };
  // The usual case is a whole path: only when there is no such target, or it is no path at all, the known ones are asked for.
  if (parseTargetPath(target) === undefined) return await start(await findWorkflow(context, target));
  try {
    return await start(target);
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== "target_not_found") throw error;
    return await start(await findWorkflow(context, target));
  }
}

/** A refusal of the arguments, with the command that shows what the target takes. */
function withSignature(context: Context, path: string, error: unknown): unknown {
  if (!(error instanceof CommandError) || error.code !== "invalid_arguments") return error;
  const { code, exitCode, message, details } = error;
  return new CommandError({ code, exitCode, message, details, hint: context.command(`workflows show ${path}`) });
}

function argumentOf({ output }: Context, word: string): unknown {
  const value = parseArgument(word);
  if (!value.ok) throw usageError(value.error);
  if (isLikelyBrokenJson(word, value.value)) output.note(`${word} is not valid JSON, so it is passed as a string`);
  return value.value;
}

async function readParams(source: string, words: readonly string[]): Promise<unknown> {
  if (words.length > 0) throw usageError("--params stands for all arguments: give either it or arguments");
  const params = await readSource(source).then(({ text, origin }) => parseParams(text, origin));
  if (!params.ok) throw usageError(params.error);
  return params.value;
}

async function readSource(source: string): Promise<{ readonly text: string; readonly origin: string }> {
  if (source === "-") return { text: await readAll(process.stdin), origin: "what stdin says" };
  if (!source.startsWith("@")) return { text: source, origin: "--params" };
  const path = source.slice(1);
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw usageError(`--params: ${error.message}`);
  });
  return { text, origin: path };
}
