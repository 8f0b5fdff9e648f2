import { dirname, isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { FRAMES_LIMIT } from "../protocol/limits.ts";
import type { Frame } from "../protocol/outcome.ts";
import { parseFrames } from "../protocol/value-format/stack-frames.ts";
import type { BundleSources } from "./bundle-sources.ts";

// Stack traces name the user's source files. V8 asks `Error.prepareStackTrace` when a stack is looked at for the first time; positions in the
// bundle are mapped back there, so that every stack a user sees or logs is right, and code that does not fail pays nothing.

export interface SourceFramesOptions {
  /** The file of the bundle. */
  readonly bundle: string;
  readonly sources: BundleSources;
  /** Files are shown relative to it where they lie below it. */
  readonly workingDirectory: string;
  /** Our own file: what stands below it in a stack says nothing to a user. */
  readonly ownFile: string;
}

interface ShownCallSite {
  toString(): string;
}

export interface SourceFrames {
  /** For `Error.prepareStackTrace`. */
  prepareStackTrace(error: unknown, callSites: readonly NodeJS.CallSite[]): string;
  /** The frames of a stack trace, with their source lines. */
  readonly framesOf: (stack: string) => readonly Frame[];
}

export function createSourceFrames(options: SourceFramesOptions): SourceFrames {
  /** The SDK lies beside the executor. */
  const ownDirectory = `${dirname(dirname(options.ownFile))}/`;

  const frameText = (callSite: NodeJS.CallSite): string[] => {
    if (callSite.getFileName() === "node:internal/process/task_queues") return []; // How every promise goes on.
    const shown = (callSite as ShownCallSite).toString(); // As V8 shows it; the types do not know.
    if (fileOf(callSite) !== options.bundle) return [`    at ${shown}`];
    const origin = options.sources.originOf(callSite.getLineNumber() ?? 1, callSite.getColumnNumber() ?? 1);
    if (origin === undefined) return [];
    const place = `${origin.file}:${origin.line}:${origin.column}`;
    const called = /^(.*) \(/s.exec(shown)?.[1];
    if (called !== undefined) return [`    at ${called} (${place})`];
    return [`    at ${shown.startsWith("async ") ? "async " : ""}${place}`];
  };

  return {
    prepareStackTrace(error, callSites) {
      const own = callSites.findIndex((callSite) => fileOf(callSite) === options.ownFile);
      const users = own > 0 ? callSites.slice(0, own) : callSites; // An error of our own keeps its frames.
      return [headline(error), ...users.flatMap(frameText)].join("\n");
    },
    framesOf: (stack) =>
      parseFrames(stack)
        .slice(0, FRAMES_LIMIT)
        .map((frame) => {
          const file = pathOf(frame.file);
          const inApp = frame.inApp && !file.startsWith(ownDirectory);
          const code = inApp ? (options.sources.linesOf(file)?.[frame.line - 1]?.trim().slice(0, 1_000) ?? "") : "";
          return { ...frame, file: shownPath(file, options.workingDirectory), code, inApp };
        }),
  };
}

/** What stands above the frames, as V8 writes it. */
function headline(error: unknown): string {
  try {
    return String(error);
  } catch {
    return "Error";
  }
}

function fileOf(callSite: NodeJS.CallSite): string | undefined {
  const name = callSite.getFileName();
  return name === null || name === undefined ? undefined : pathOf(name);
}

function pathOf(name: string): string {
  return name.startsWith("file://") ? fileURLToPath(name) : name;
}

function shownPath(file: string, workingDirectory: string): string {
  if (!isAbsolute(file)) return file;
  const below = relative(workingDirectory, file);
  return below.startsWith("..") ? file : below;
}
