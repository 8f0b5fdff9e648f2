import { dirname, isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { FRAMES_LIMIT } from "../protocol/limits.ts";
import type { Frame } from "../protocol/outcome.ts";
import { parseFrames } from "../protocol/value-format/stack-frames.ts";
import type { BundleSources } from "./bundle-sources.ts";

// Stack traces name the user's source files. V8 asks `Error.prepareStackTrace` when a stack is looked at for the first time; positions in the
// bundle are mapped back there, so that every stack a user sees or logs is right, and code that does not fail pays nothing.

export interface SourceFramesParts {
  /** The file of the bundle. */
  readonly bundle: string;
  readonly sources: BundleSources;
  /** Files are shown relative to it where they lie below it. */
  readonly workingDirectory: string;
  /** The file of the executor. What it and the SDK beside it do says nothing to a user. */
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
  /** The place in the sources that a place in the bundle comes from, both counted from 1; undefined for code that the build added. */
  sourceOf(line: number, column: number): SourcePlace | undefined;
}

export interface SourcePlace {
  /** `flows.ts:3:5` */
  readonly place: string;
  /** The text of that line. */
  readonly code: string;
}

export function createSourceFrames(parts: SourceFramesParts): SourceFrames {
  /** The SDK lies beside the executor. */
  const ownDirectory = `${dirname(dirname(parts.ownFile))}/`;

  const frameText = (callSite: NodeJS.CallSite): string[] => {
    if (hiddenFiles.test(callSite.getFileName() ?? "")) return [];
    const shown = (callSite as ShownCallSite).toString(); // As V8 shows it; the types do not know.
    if (fileOf(callSite) !== parts.bundle) return [`    at ${shown}`];
    const origin = parts.sources.originOf(callSite.getLineNumber() ?? 1, callSite.getColumnNumber() ?? 1);
    if (origin === undefined) return [];
    const place = `${origin.file}:${origin.line}:${origin.column}`;
    const called = /^(.*) \(/s.exec(shown)?.[1];
    if (called !== undefined) return [`    at ${called} (${place})`];
    return [`    at ${shown.startsWith("async ") ? "async " : ""}${place}`];
  };

  const codeAt = (file: string, line: number): string =>
    parts.sources.linesOf(file)?.[line - 1]?.trim().slice(0, 1_000) ?? "";

  const isOwn = (callSite: NodeJS.CallSite): boolean => {
    const file = fileOf(callSite) ?? "";
    return file.startsWith(ownDirectory) || file.includes("/node_modules/coflux/dist/");
  };

  const isOfUser = (callSite: NodeJS.CallSite): boolean => {
    const file = fileOf(callSite);
    return file !== undefined && !file.startsWith("node:") && !isOwn(callSite);
  };

  /** What the user's code did, and Node for it. A stack without any user code, of a bug of ours, stays as it is. */
  const shownOf = (callSites: readonly NodeJS.CallSite[]): readonly NodeJS.CallSite[] => {
    const lastOfUser = callSites.findLastIndex(isOfUser);
    if (lastOfUser < 0) return callSites;
    const started = callSites.findIndex((callSite, index) => index > lastOfUser && isOwn(callSite));
    return callSites.slice(0, started < 0 ? undefined : started).filter((callSite) => !isOwn(callSite));
  };

  return {
    prepareStackTrace: (error, callSites) => [headline(error), ...shownOf(callSites).flatMap(frameText)].join("\n"),
    framesOf: (stack) =>
      parseFrames(stack)
        .slice(0, FRAMES_LIMIT)
        .map((frame) => {
          const file = pathOf(frame.file);
          const inApp = frame.inApp && !file.startsWith(ownDirectory);
          const code = inApp ? codeAt(file, frame.line) : "";
          return { ...frame, file: shownPath(file, parts.workingDirectory), code, inApp };
        }),
    sourceOf(line, column) {
      const origin = parts.sources.originOf(line, column);
      if (origin === undefined) return undefined;
      const file = shownPath(origin.file, parts.workingDirectory);
      return { place: `${file}:${origin.line}:${origin.column}`, code: codeAt(origin.file, origin.line) };
    },
  };
}

/** How every promise goes on, and how a module is loaded. */
const hiddenFiles = /^node:internal\/(?:process\/task_queues$|modules\/)/;

/** What stands above the frames, as V8 writes it. */
function headline(error: unknown): string {
  try {
    return Error.prototype.toString.call(error); // Also of what is none: console.trace() has its stack from a plain object.
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
