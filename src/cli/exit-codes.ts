import { exhaustive } from "../base/exhaustive.ts";
import type { RunStatus } from "../protocol/views.ts";

/** How a command ends. The numbers are a contract: scripts read them. */
export const exitCodes = {
  ok: 0,
  internal: 1,
  usage: 2,
  notFound: 3,
  authentication: 4,
  conflict: 5,
  invalidParameters: 6,
  unreachable: 7,
  runFailed: 10,
  runCancelled: 11,
  runTimedOut: 12,
  detached: 13,
  interrupted: 130,
} as const;

type ExitName = keyof typeof exitCodes;
export type ExitCode = (typeof exitCodes)[ExitName];

/** What `coflux help exit-codes` says of each. */
export const exitCodeMeanings: Readonly<Record<ExitName, string>> = {
  ok: "it is done; for run and watch: the run succeeded",
  internal: "a bug, here or in the server",
  usage: "the command line or the configuration is wrong",
  notFound: "no such project, environment, target, run, step, execution or session",
  authentication: "the server does not let this client in",
  conflict: "it exists already, or its state does not allow this",
  invalidParameters: "the server refused what was given: a name, arguments, a value",
  unreachable: "the server does not answer, or the environment is not available",
  runFailed: "the run failed",
  runCancelled: "the run was cancelled",
  runTimedOut: "the run timed out or was abandoned",
  detached: "the run was still going on when the command ended",
  interrupted: "interrupted with Ctrl-C",
};

/** The code for an error that the API answered with this HTTP status. */
export function exitCodeOfStatus(status: number): ExitCode {
  if (status === 401 || status === 403) return exitCodes.authentication;
  if (status === 404) return exitCodes.notFound;
  if (status === 409) return exitCodes.conflict;
  if (status === 400 || status === 413 || status === 415) return exitCodes.invalidParameters;
  return status === 503 ? exitCodes.unreachable : exitCodes.internal;
}

/** The code for a run that is final, or `detached` for one that is not. */
export function exitCodeOfRun(status: RunStatus | "pending"): ExitCode {
  switch (status) {
    case "succeeded":
      return exitCodes.ok;
    case "failed":
      return exitCodes.runFailed;
    case "cancelled":
      return exitCodes.runCancelled;
    case "abandoned":
    case "timed_out":
      return exitCodes.runTimedOut;
    case "queued":
    case "running":
    case "pending":
      return exitCodes.detached;
    default:
      return exhaustive(status);
  }
}
