import { exhaustive } from "../base/exhaustive.ts";
import { type Result, failure, ok } from "../base/result.ts";
import type { RelayedExecutorCommand, RelayedExecutorMessage } from "../protocol/executor-messages.ts";
import { type ExecutorWorld, type ExecutorProcess, startExecutorProcess } from "./executor-process.ts";
import { LOAD_DEADLINE_MS } from "./limits.ts";
import type { Bundle } from "./repositories/bundle.ts";
import { PRELUDE_COLUMNS } from "./repositories/source-prelude.ts";

// A process that loads a bundle, and what it says about itself: that it has loaded, what it was doing when it did not, and why it ends.

type LoadCommand = Extract<RelayedExecutorCommand, { readonly kind: "load" }>;
/** What every executor is told about where it runs. */
export type LoadSettings = Pick<LoadCommand, "project" | "environment" | "blobsUrl" | "temporaryDirectory">;
export type ReadyMessage = Extract<RelayedExecutorMessage, { readonly kind: "ready" }>;
export type ExecuteCommand = Extract<RelayedExecutorCommand, { readonly kind: "execute" }>;
/** What an executor says about itself, as against its executions. */
type OwnMessage = Extract<
  RelayedExecutorMessage,
  { readonly kind: "ready" | "failed" | "evaluating" | "complained" | "pong" | "exiting" }
>;
type ExitMessage = Extract<OwnMessage, { readonly kind: "exiting" }>;
export type ExecutionMessage = Exclude<RelayedExecutorMessage, OwnMessage>;

export interface ExecutorParts {
  readonly world: ExecutorWorld;
  readonly bundle: Bundle;
  readonly load: LoadSettings;
  /** It is the first to load this bundle. */
  readonly isTrial: boolean;
  onMessages(messages: readonly RelayedExecutorMessage[]): void;
  /** Called once, also for one that ends before it has loaded. */
  onLoaded(result: Result<ReadyMessage, string>): void;
  /** What was printed outside of any execution; while the code is loaded, only by the trial. */
  onOutput(line: string, isLoading: boolean): void;
  /** The process is gone; the reason is its own if it gave one. */
  onEnd(reason: string): void;
}

export interface Executor extends Pick<ExecutorProcess, "send" | "dismiss" | "kill"> {
  /** It has said this about itself. */
  note(message: OwnMessage): void;
  /** Why it is killed when it has not loaded in time. */
  describeHang(): string;
}

export function startExecutor(parts: ExecutorParts): Executor {
  const { world, bundle, isTrial } = parts;
  let isLoaded = false;
  /** What it printed while it loaded has been heard as well. */
  let hasSettled = false;
  /** The source file whose evaluation began last. */
  let evaluating: string | null = null;
  /** Why it ends, in its own words. */
  let lastWords: string | null = null;

  const executorProcess = startExecutorProcess(world, {
    onMessages: (messages) => parts.onMessages(messages),
    onOutput(line) {
      if (hasSettled || isTrial) parts.onOutput(line, !hasSettled);
    },
    onEnd(end) {
      const reason = lastWords ?? end;
      if (!isLoaded) parts.onLoaded(failure(reason));
      parts.onEnd(reason);
    },
  });
  executorProcess.send({
    kind: "load",
    bundle: bundle.path,
    repositories: bundle.repositories.map(({ name, namespace, file }) => ({ name, namespace, file })),
    preludeColumns: PRELUDE_COLUMNS,
    workingDirectory: world.workingDirectory,
    isTrial,
    ...parts.load,
  });

  const note = (message: OwnMessage): void => {
    switch (message.kind) {
      case "ready":
        isLoaded = true;
        world.endOfTurn(() => (hasSettled = true));
        return parts.onLoaded(ok(message));
      case "failed":
        lastWords =
          message.stack === null ? message.message : describeThrow(message.stack, isLoaded ? null : evaluating);
        return;
      case "evaluating":
        evaluating = message.file;
        return;
      case "exiting":
        lastWords = describeExit(message, isLoaded ? null : evaluating);
        return;
      case "complained":
        return executorProcess.noteLastWords(message.text);
      case "pong":
        return;
      default:
        return exhaustive(message);
    }
  };

  return { ...executorProcess, note, describeHang: () => describeHang(evaluating) };
}

function describeThrow(stack: string, evaluating: string | null): string {
  return evaluating === null ? stack : `${evaluating} could not be loaded:\n${stack}`;
}

function describeExit({ code, execution }: ExitMessage, evaluating: string | null): string {
  const place = execution === null ? "" : ` in ${execution}`;
  return `${evaluating === null ? "" : `${evaluating} could not be loaded: it `}called process.exit(${code})${place}`;
}

function describeHang(evaluating: string | null): string {
  const seconds = LOAD_DEADLINE_MS / 1_000;
  if (evaluating === null)
    return `did not load within ${seconds} s: it was still importing the packages that your code imports`;
  return `did not load within ${seconds} s: it was still evaluating ${evaluating}; move what takes long, or waits, out of the top level of that file`;
}
