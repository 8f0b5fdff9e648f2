import type { Frame } from "../outcome.ts";

// `    at fn (file:///app/flows.ts:3:5)`, `    at async fn (/app/flows.ts:3:5)`, `    at /app/flows.ts:3:5`, `    at new Foo (node:fs:1:2)`
const framePattern =
  /^\s+at (?:async )?(?:(.*?) \()?((?:file:\/\/|node:|\/|[A-Za-z]:\\|https?:\/\/)[^()]*?):(\d+):(\d+)\)?$/;

/** Reads the lines of a V8 stack trace that name a place in a file; `code` is empty, for nothing is read from disk. */
export function parseFrames(stack: string): Frame[] {
  return stack.split("\n").flatMap((line) => {
    const [, name = "", file, row, column] = framePattern.exec(line) ?? [];
    if (file === undefined) return [];
    return [
      {
        function: name.slice(0, 1_000),
        file: file.slice(0, 4_096),
        line: Number(row),
        column: Number(column),
        code: "",
        inApp: !file.startsWith("node:") && !file.includes("/node_modules/"),
      },
    ];
  });
}
