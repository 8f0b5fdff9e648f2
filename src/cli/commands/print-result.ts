import { valueToApi } from "../../protocol/value-format/api-form.ts";
import type { Reference } from "../../protocol/values.ts";
import { CommandError } from "../command-error.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { RESULT_LIMIT_BYTES, RESULT_ON_TERMINAL_BYTES } from "../limits.ts";
import { formatBytes } from "../output/bytes.ts";

type Printing = Pick<Context, "api" | "output" | "command">;

/**
 * Prints the value of a run's result as JSON, and nothing for a function that returns nothing, unless a program reads. A large one is a blob:
 * it is fetched, and looks as it would if it were small.
 */
export async function printResult(context: Printing, run: string, value: unknown): Promise<void> {
  const { api, output } = context;
  if (isNothing(value) && !output.isJson) return;
  const blob = blobIn(value);
  if (blob === undefined) return output.json(value);
  const { key, size, references = [] } = blob;
  if (size > RESULT_LIMIT_BYTES) throw tooLarge(context, run, blob);
  if (output.out.isTty && size > RESULT_ON_TERMINAL_BYTES) {
    const file = context.command(`runs result ${run}`);
    return output.note(`the result takes ${formatBytes(size)}, too much for a terminal: ${file} > result.json`);
  }
  output.json(valueToApi({ kind: "inline", data: await api.blobText(key), references }));
}

/** `{"$":"undefined"}` */
function isNothing(value: unknown): boolean {
  return typeof value === "object" && value !== null && "$" in value && value.$ === "undefined";
}

interface BlobView {
  readonly key: string;
  readonly size: number;
  readonly references?: readonly Reference[];
}

/** `{"$":"blob","v":{…}}` and nothing else: an object of the user with a key `$` is shown escaped. */
function blobIn(value: unknown): BlobView | undefined {
  const isBlob = typeof value === "object" && value !== null && "$" in value && value.$ === "blob" && "v" in value;
  return isBlob ? (value.v as BlobView) : undefined; // The server made it, as docs/value-format.md has it.
}

function tooLarge({ api }: Printing, run: string, { key, size }: BlobView): CommandError {
  return new CommandError({
    code: "result_too_large",
    exitCode: exitCodes.usage,
    message: `the result of run ${run} takes ${formatBytes(size)}, the command line prints up to ${formatBytes(RESULT_LIMIT_BYTES)}`,
    hint: `curl -o result.json ${api.blobUrl(key)}`,
  });
}
