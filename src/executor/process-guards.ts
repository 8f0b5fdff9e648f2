import { errorStack } from "../base/error-text.ts";
import type { ExecutorMessage } from "../protocol/executor-messages.ts";
import type { ExecutionRuntime } from "../sdk/runtime.ts";
import type { RunningExecution } from "./running-execution.ts";

// User code that throws where nobody catches it, or that ends the process, in a process where others run too.

export interface GuardParts {
  /** The execution that the running code belongs to. */
  readonly current: () => RunningExecution | undefined;
  /** What it can ask for, also before and after it runs. */
  readonly currentRuntime: () => ExecutionRuntime | undefined;
  readonly send: (message: ExecutorMessage) => void;
  /** Hands everything that was said so far to the system. */
  readonly flush: () => void;
}

export function guardProcess({ current, currentRuntime, send, flush }: GuardParts): void {
  const exit = process.exit.bind(process);

  /** What was said before reaches the agent, and why it is the last. */
  process.exit = (code) => {
    const number = Number(code ?? process.exitCode ?? 0);
    const execution = currentRuntime()?.context.executionId ?? null;
    send({ kind: "exiting", code: Number.isInteger(number) ? number & 255 : 1, execution });
    flush();
    return exit(code);
  };

  /** Logs a failure that came after its execution had ended, into the log of that execution; false when none started it. */
  const wasLate = (what: string, thrown: unknown): boolean => {
    const runtime = currentRuntime();
    runtime?.log("error", `${what} after the end of the execution: {error}`, { error: errorStack(thrown) });
    return runtime !== undefined;
  };

  const rejectedIn = new WeakMap<Promise<unknown>, RunningExecution>();
  process.on("unhandledRejection", (reason, promise) => {
    const execution = current();
    if (execution === undefined) {
      if (!wasLate("rejected", reason)) writeOut("unhandled rejection outside of any execution", reason);
      return;
    }
    rejectedIn.set(promise, execution);
    execution.rejected(reason, promise);
  });
  process.on("rejectionHandled", (promise) => rejectedIn.get(promise)?.handled(promise));

  process.on("uncaughtException", (error) => {
    const execution = current();
    if (execution !== undefined) return execution.threw(error);
    if (wasLate("thrown", error)) return; // The others in this process have nothing to do with it.
    writeOut("uncaught exception outside of any execution", error);
    flush();
    exit(1);
  });
}

/** To the agent, which shows it and keeps it as the reason of an end. */
function writeOut(what: string, thrown: unknown): void {
  process.stderr.write(`${what}: ${errorStack(thrown)}\n`);
}
