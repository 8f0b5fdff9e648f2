import { errorStack, errorText } from "../../base/error-text.ts";
import { CommandError } from "../command-error.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import type { Terminal } from "./terminal.ts";

export interface ErrorLook {
  readonly isJson: boolean;
  /** `--debug`: with the stack, which is of use to those who work on Coflux itself. */
  readonly isDebug: boolean;
}

/** Says what went wrong on stderr; returns how the process ends. */
export function printError(error: unknown, err: Terminal, { isJson, isDebug }: ErrorLook): ExitCode {
  const known = error instanceof CommandError ? error : unexpected(error);
  const stack = isDebug ? errorStack(error) : undefined;
  if (isJson) {
    const { code, message, hint, details } = known;
    err.write(`${JSON.stringify({ error: { code, message, hint, details, stack } })}\n`);
    return known.exitCode;
  }
  const { red, dim } = err.colours;
  err.write(`${red("error:")} ${known.message}\n`);
  for (const line of known.report) err.write(`  ${line}\n`);
  for (const line of known.hint?.split("\n") ?? []) err.write(`  ${dim(line)}\n`);
  if (stack !== undefined) err.write(`${dim(stack)}\n`);
  return known.exitCode;
}

function unexpected(error: unknown): CommandError {
  return new CommandError({
    code: "internal",
    exitCode: exitCodes.internal,
    message: `a bug in coflux: ${errorText(error)}`,
    hint: "repeat the command with --debug and report what it prints",
  });
}
