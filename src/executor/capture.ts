import { StringDecoder } from "node:string_decoder";
import { PARTIAL_LINE_LIMIT } from "./limits.ts";

// What user code prints belongs to the execution that printed it. Everything that goes through process.stdout and process.stderr (and so
// console.*) is taken from there; what is printed outside of any execution goes on to the real stream, which the agent reads.

export type OutputStream = "stdout" | "stderr";

/** Collects what one execution prints to one stream into lines. One write of several lines stays one entry, as `console.log` meant it. */
export interface PrintedText {
  push(chunk: string | Uint8Array): void;
  /** What stands without a line break is a line too. */
  end(): void;
}

export function createPrintedText(onText: (text: string) => void): PrintedText {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  return {
    push(chunk) {
      rest += typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk));
      const end = rest.lastIndexOf("\n");
      if (end >= 0) onText(rest.slice(0, end));
      rest = rest.slice(end + 1);
      if (rest.length < PARTIAL_LINE_LIMIT) return;
      onText(rest);
      rest = "";
    },
    end() {
      rest += decoder.end();
      if (rest !== "") onText(rest);
      rest = "";
    },
  };
}

type Write = NodeJS.WriteStream["write"];

/** Redirects both streams of this process: `printedBy` gives the text of the execution that is printing, or undefined outside of one. */
export function captureOutput(printedBy: (stream: OutputStream) => PrintedText | undefined): void {
  for (const name of ["stdout", "stderr"] as const) {
    const stream = process[name];
    const writeThrough: Write = stream.write.bind(stream);
    const write = (
      chunk: string | Uint8Array,
      encodingOrDone?: BufferEncoding | ((error?: Error | null) => void),
      done?: (error?: Error | null) => void,
    ): boolean => {
      const encoding = typeof encodingOrDone === "string" ? encodingOrDone : undefined;
      const callback = typeof encodingOrDone === "function" ? encodingOrDone : done;
      const printed = printedBy(name);
      if (printed === undefined) return writeThrough(chunk, encoding, callback);
      printed.push(typeof chunk === "string" && encoding !== undefined ? Buffer.from(chunk, encoding) : chunk);
      if (callback) process.nextTick(callback);
      return true;
    };
    stream.write = write;
  }
}
