import { errorStack } from "../base/error-text.ts";
import type { ExecutorMessage } from "../protocol/executor-messages.ts";
import type { RunningExecution } from "./running-execution.ts";

// User code that throws where nobody catches it, or that ends the process, in a process where others run too.

export interface GuardOptions {
  /** The execution that the running code belongs to. */
  readonly current: () => RunningExecution | undefined;
  /** Its id, also before and after it runs. */
  readonly currentId: () => string | undefined;
  readonly send: (message: ExecutorMessage) => void;
  /** Hands everything that was said so far to the system. */
  readonly flush: () => void;
}

export function guardProcess({ current, currentId, send, flush }: GuardOptions): void {
  const exit = process.exit.bind(process);

  /** What was said before reaches the agent, and why it is the last. */
  process.exit = (code) => {
    const number = Number(code ?? process.exitCode ?? 0);
    send({ kind: "exiting", code: Number.isInteger(number) ? number & 255 : 1, execution: currentId() ?? null });
    flush();
    return exit(code);
  };

  const rejectedIn = new WeakMap<Promise<unknown>, RunningExecution>();
  process.on("unhandledRejection", (reason, promise) => {
    const execution = current();
    if (execution === undefined) return writeOut("unhandled rejection outside of any execution", reason);
    rejectedIn.set(promise, execution);
    execution.rejected(reason, promise);
  });
  process.on("rejectionHandled", (promise) => rejectedIn.get(promise)?.handled(promise));

  process.on("uncaughtException", (error) => {
    const execution = current();
    if (execution !== undefined) return execution.threw(error);
    writeOut("uncaught exception outside of any execution", error);
    flush();
    exit(1);
  });
}

/** To the agent, which shows it and keeps it as the reason of an end. */
function writeOut(what: string, thrown: unknown): void {
  process.stderr.write(`${what}: ${errorStack(thrown)}\n`);
}
