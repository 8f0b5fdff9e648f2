import { createColours } from "../../src/cli/output/colour.ts";
import { type Output, createOutput } from "../../src/cli/output/output.ts";
import type { Terminal } from "../../src/cli/output/terminal.ts";

/** The output of a command without a process around it, and what was written to each stream so far. */
export interface CapturedOutput {
  readonly output: Output;
  readonly written: Readonly<Record<"out" | "err", string>>;
}

/** Two pipes, or with a size two terminals; without colours. */
export function captureOutput(size: ReturnType<Terminal["size"]> = null): CapturedOutput {
  const written = { out: "", err: "" };
  const terminal = (name: "out" | "err"): Terminal => ({
    isTty: size !== null,
    hasUnicode: true,
    colours: createColours(false),
    size: () => size,
    write: (text) => void (written[name] += text),
    onResize: () => () => undefined,
  });
  const output = createOutput({ out: terminal("out"), err: terminal("err"), isJson: false, isQuiet: false });
  return { output, written };
}
