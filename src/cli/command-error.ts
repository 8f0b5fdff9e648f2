import { type ErrorCode, type Failure, errorKinds, statusOf } from "../protocol/error-codes.ts";
import { type ExitCode, exitCodeOfStatus, exitCodes } from "./exit-codes.ts";

/** What went wrong on this side of the API, beside the codes that the API itself has. */
type LocalCode =
  | "usage"
  | "invalid_config"
  | "server_unreachable"
  | "not_coflux"
  | "port_in_use"
  | "pending"
  | "result_too_large"
  | "run_failed"
  | "run_cancelled"
  | "run_timed_out"
  | "run_abandoned";

interface CommandErrorParts {
  readonly code: ErrorCode | LocalCode;
  readonly exitCode: ExitCode;
  /** What happened and why, in one or two sentences. */
  readonly message: string;
  /** What a person needs to see of it besides, line by line: an error of user code with its frames. */
  readonly report?: readonly string[];
  /** What to do next: commands to type, one on each line. */
  readonly hint?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Ends a command. It is thrown, because nobody between the place that finds it and `main.ts`, which prints it and ends the process with its
 * exit code, has anything to add.
 */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code: CommandErrorParts["code"];
  readonly exitCode: ExitCode;
  readonly report: readonly string[];
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor({ code, exitCode, message, report = [], hint, details }: CommandErrorParts) {
    super(message);
    this.code = code;
    this.exitCode = exitCode;
    this.report = report;
    this.hint = hint;
    this.details = details;
  }
}

/** The command line itself is wrong. */
export function usageError(message: string, hint?: string): CommandError {
  return new CommandError({ code: "usage", exitCode: exitCodes.usage, message, hint });
}

/** What the API refused, with the remedy of its code unless there is a better hint. */
export function refusedError(refused: Failure, hint: string = errorKinds[refused.code].remedy): CommandError {
  const { code, message, details } = refused;
  return new CommandError({ code, exitCode: exitCodeOfStatus(statusOf(code)), message, hint, details });
}
