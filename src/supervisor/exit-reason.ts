import type { FatalCode } from "../protocol/supervisor-messages.ts";

/** What is known of the end of a process. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** What it said itself before it ended. */
  readonly fatal: { readonly code: FatalCode; readonly message: string } | null;
  /** Why the supervisor ended it. */
  readonly endedFor: string | null;
  /** The last lines of its output. */
  readonly lastWords: string;
}

const outOfHeap = /JavaScript heap out of memory|Reached heap limit/;

/** Why a process ended, in one sentence, as far as it can be known. */
export function exitReason({ code, signal, fatal, endedFor, lastWords }: ProcessEnd): string {
  if (endedFor !== null) return endedFor;
  if (fatal !== null)
    return `${fatal.code}: ${fatal.code === "bug" ? firstLine(fatal.message) : oneLine(fatal.message)}`;
  if (outOfHeap.test(lastWords)) return "out of memory: its heap reached its limit";
  if (signal === "SIGKILL") return "killed from outside: by a person, or by the system for lack of memory";
  if (signal !== null) return `ended by ${signal}`;
  return code === 0 ? "it ended without being asked to" : `it ended with exit code ${code}`;
}

/** Signals that no fault of a process itself raises. */
const outsideSignals = ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"];

/** Whether a process ended by its own fault, and not because a person or the system ended it. `wasHung`: the supervisor had to kill it. */
export function isOwnFault({ code, signal }: Pick<ProcessEnd, "code" | "signal">, wasHung: boolean): boolean {
  if (wasHung) return true;
  return signal === null ? code !== 0 : !outsideSignals.includes(signal);
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, "; ");
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
