import { pathToFileURL } from "node:url";
import type { Clock, Timers } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import { errorText } from "../base/error-text.ts";
import type { ExecutorCommand, ExecutorMessage } from "../protocol/executor-messages.ts";
import { currentRuntime } from "../sdk/context.ts";
import { collectDefinitions } from "../sdk/definitions.ts";
import { createBlobTransfer } from "./blobs.ts";
import { type BundleSources, createBundleSources } from "./bundle-sources.ts";
import { captureOutput } from "./capture.ts";
import { explainImportError } from "./import-error.ts";
import {
  type DefinedTarget,
  type LoadedRepository,
  type LoadedTargets,
  type ReadParameters,
  RepositoryError,
  loadTargets,
} from "./loaded-targets.ts";
import { createLastWords } from "./last-words.ts";
import { createLogBook } from "./log-book.ts";
import { type ExecuteCommand, type ExecutionSurroundings, RunningExecution } from "./running-execution.ts";
import { type SourceFrames, createSourceFrames } from "./source-frames.ts";

export type LoadCommand = Extract<ExecutorCommand, { readonly kind: "load" }>;

export interface ExecutorParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly endOfTurn: (run: () => void) => void;
  readonly fetch: typeof fetch;
  /** The file of this program. */
  readonly ownFile: string;
  readonly send: (message: ExecutorMessage) => void;
  readonly flush: () => void;
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

export interface Executor {
  take(command: ExecutorCommand): void;
  /** Hands everything that was said so far to the system: the process is about to end. */
  readonly flush: () => void;
  /** The execution that the running code belongs to. */
  readonly current: () => RunningExecution | undefined;
}

interface Loaded {
  readonly targets: LoadedTargets;
  readonly surroundings: ExecutionSurroundings;
}

/** Loads one bundle, then runs executions of its targets, many at a time. */
export function createExecutor(parts: ExecutorParts): Executor {
  const executions = new Map<string, RunningExecution>();
  const early: ExecutorCommand[] = [];
  let loaded: Loaded | undefined;

  const current = (): RunningExecution | undefined => {
    const runtime = currentRuntime();
    return runtime === undefined ? undefined : executions.get(runtime.context.executionId);
  };

  const load = async (command: LoadCommand): Promise<void> => {
    captureOutput((stream) => current()?.printed(stream));
    const sources = createBundleSources(command);
    const frames = createSourceFrames({ ...command, sources, ownFile: parts.ownFile });
    Error.prepareStackTrace = (error, callSites) => frames.prepareStackTrace(error, callSites);
    if (command.isTrial) {
      Reflect.set(globalThis, Symbol.for("coflux.evaluating"), (file: string) => {
        parts.send({ kind: "evaluating", file });
        parts.flush(); // It may be the last word before the file blocks.
      });
    }
    try {
      const readParameters = command.isTrial ? await parameterReader(sources) : () => [];
      const targets = await importTargets(command, frames, readParameters);
      loaded = { targets, surroundings: surroundingsFor(command, frames) };
    } catch (error) {
      return fail(error);
    }
    parts.send({ kind: "ready", repositories: loaded.targets.repositories });
    for (const waiting of early.splice(0)) take(waiting);
  };

  const fail = (error: unknown): void => {
    const message = errorText(error);
    const isTold = error instanceof RepositoryError || !(error instanceof Error);
    parts.send({ kind: "failed", message, stack: isTold ? null : (error.stack ?? null) });
    parts.flush();
    parts.exit(1);
  };

  const surroundingsFor = (command: LoadCommand, frames: SourceFrames): ExecutionSurroundings => {
    const { clock, timers, endOfTurn, send, flush } = parts;
    return {
      ...command,
      timers,
      endOfTurn,
      blobs: createBlobTransfer({ url: command.blobsUrl, timers, fetch: parts.fetch }),
      logBook: createLogBook({ clock, timers, send }),
      lastWords: createLastWords({ clock, send, flush }),
      send,
      flush,
      framesOf: frames.framesOf,
    };
  };

  const execute = ({ targets, surroundings }: Loaded, command: ExecuteCommand): void => {
    const running = new RunningExecution(command, targets.byPath.get(command.target), surroundings);
    executions.set(command.execution, running);
    running.run().then(() => executions.delete(command.execution), fail); // User code cannot make it reject.
  };

  const take = (command: ExecutorCommand): void => {
    if (command.kind === "load") return void load(command);
    if (command.kind === "ping") return parts.send({ kind: "pong" });
    if (loaded === undefined) return void early.push(command);
    switch (command.kind) {
      case "execute":
        return execute(loaded, command);
      case "submitted":
      case "refused":
      case "answer":
      case "done":
        return executions.get(command.caller)?.take(command);
      case "abort":
        return executions.get(command.execution)?.abort(command.reason);
      default:
        return exhaustive(command);
    }
  };

  const flush = (): void => {
    loaded?.surroundings.logBook.flush();
    parts.flush();
  };

  return { take, current, flush };
}

function importBundle(bundle: string): Promise<Readonly<Record<string, unknown>>> {
  return import(pathToFileURL(bundle).href);
}

/** Only the first executor of a bundle is asked what its targets look like: the parser is not in the memory of the others. */
async function parameterReader(sources: BundleSources): Promise<ReadParameters> {
  const { parametersOf } = await import("./parameters.ts");
  return (fn) => parametersOf(fn, sources.written);
}

async function importTargets(
  { bundle, repositories }: LoadCommand,
  frames: SourceFrames,
  readParameters: ReadParameters,
): Promise<LoadedTargets> {
  const collected = collectDefinitions();
  const module = await importBundle(bundle).catch((error: unknown) => {
    throw explainImportError(error, bundle, frames);
  });
  const defined = collected().map((declaration): DefinedTarget => {
    const frame = frames.framesOf(declaration.site.stack ?? "").find(({ inApp }) => inApp);
    return { declaration, place: frame === undefined ? undefined : `${frame.file}:${frame.line}` };
  });
  const loaded = repositories.map(({ name, namespace, file }): LoadedRepository => {
    const exports = module[namespace];
    if (typeof exports !== "object" || exports === null) throw new Error(`the bundle has no ${namespace} for ${name}`);
    return { name, file, exports: { ...exports } };
  });
  return loadTargets(loaded, defined, readParameters);
}
