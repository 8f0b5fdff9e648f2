import { readFileSync, statSync } from "node:fs";
import { TraceMap, originalPositionFor } from "@jridgewell/trace-mapping";

// The way back from the bundle to the sources of the user, by the source map beside it. What nobody asks for is not read.

/** A place in a source file; line and column count from 1. */
export interface Origin {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface BundleSources {
  /** Where a place of the bundle (counted from 1) comes from; undefined for code that the build added. */
  originOf(line: number, column: number): Origin | undefined;
  /** The lines of a source file, unless it was changed after it was built. */
  linesOf(file: string): readonly string[] | undefined;
  /** How a piece of the bundle was written. */
  readonly written: (piece: string) => WrittenPiece;
}

/**
 * Where the code at `offset` of a piece of the bundle comes from; one place for each time that the bundle has the piece, because equal code
 * may have been written differently. None for what is not in the bundle.
 */
export type WrittenPiece = (offset: number) => readonly WrittenPlace[];

export interface WrittenPlace {
  readonly file: string;
  /** From there to the end of the line; empty if the file has changed since it was built, or is not there. */
  readonly words: string;
}

export interface BundleSourcesParts {
  /** The file of the bundle; its map lies beside it. */
  readonly bundle: string;
  /** Columns that the build put before the first line of every source file. */
  readonly preludeColumns: number;
}

export function createBundleSources({ bundle, preludeColumns }: BundleSourcesParts): BundleSources {
  const files = new Map<string, readonly string[] | undefined>();
  let map: TraceMap | undefined;
  let text: BundleText | undefined;

  const originOf = (line: number, column: number): Origin | undefined => {
    map ??= new TraceMap(readFileSync(`${bundle}.map`, "utf8"));
    const original = originalPositionFor(map, { line, column: column - 1 });
    if (!original.source) return undefined; // A map may say that there is no source; it is then an empty name.
    const shift = original.line === 1 ? preludeColumns : 0;
    return { file: original.source, line: original.line, column: Math.max(1, original.column + 1 - shift) };
  };

  const linesOf = (file: string): readonly string[] | undefined => {
    if (!files.has(file)) files.set(file, readLines(file, bundle));
    return files.get(file);
  };

  const placeAt = ({ starts }: BundleText, index: number): WrittenPlace | undefined => {
    const line = lineAt(starts, index);
    const origin = originOf(line, index - (starts[line - 1] ?? 0) + 1);
    if (origin === undefined) return undefined;
    const words = linesOf(origin.file)?.[origin.line - 1]?.slice(origin.column - 1) ?? "";
    return { file: origin.file, words };
  };

  return {
    originOf,
    linesOf,
    written(piece) {
      const within = (text ??= readText(bundle));
      const found = occurrences(within.whole, piece);
      return (offset) => found.map((at) => placeAt(within, at + offset)).filter((place) => place !== undefined);
    },
  };
}

function occurrences(whole: string, piece: string): number[] {
  const found: number[] = [];
  for (let at = whole.indexOf(piece); at >= 0; at = whole.indexOf(piece, at + 1)) found.push(at);
  return found;
}

interface BundleText {
  readonly whole: string;
  /** Where each line begins. */
  readonly starts: readonly number[];
}

function readText(bundle: string): BundleText {
  const whole = readFileSync(bundle, "utf8");
  const starts = [0, ...Array.from(whole.matchAll(/\n/g), ({ index }) => index + 1)];
  return { whole, starts };
}

/** The number, from 1, of the line that the character at `index` is in. */
function lineAt(starts: readonly number[], index: number): number {
  let least = 0;
  let most = starts.length;
  while (least < most) {
    const middle = (least + most) >> 1;
    if ((starts[middle] ?? 0) <= index) least = middle + 1;
    else most = middle;
  }
  return least;
}

function readLines(file: string, bundle: string): readonly string[] | undefined {
  try {
    return statSync(file).mtimeMs <= statSync(bundle).mtimeMs ? readFileSync(file, "utf8").split("\n") : undefined;
  } catch {
    return undefined; // It is gone, or was never a file.
  }
}
