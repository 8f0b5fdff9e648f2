import type { ErrorView } from "../../protocol/views.ts";
import { CAUSES_SHOWN, FRAMES_SHOWN } from "../limits.ts";
import { describeError } from "../run-tree/describe.ts";
import type { Colours } from "./colour.ts";
import { plainLine } from "./text-width.ts";

/** An error of user code with its frames (those of the user's own code with their source line) and its causes. */
export function errorLines(error: ErrorView, colours: Colours): string[] {
  const lines: string[] = [];
  let current: ErrorView | undefined = error;
  for (let depth = 0; current && depth <= CAUSES_SHOWN; depth++) {
    const intro = depth === 0 ? "" : colours.dim("caused by ");
    lines.push(intro + colours.red(describeError(current)), ...frameLines(current, colours));
    current = current.cause;
  }
  return lines;
}

/** Where first, since that is what one looks for: `    flows.ts:7:9  parse`. */
function frameLines({ frames }: ErrorView, colours: Colours): string[] {
  return frames.slice(0, FRAMES_SHOWN).flatMap((frame) => {
    const place = `    ${plainLine(frame.file)}:${frame.line}:${frame.column}`;
    const line = `${place}  ${plainLine(frame.function) || "<anonymous>"}`;
    if (!frame.inApp) return [colours.dim(line)];
    return frame.code === "" ? [line] : [line, colours.dim(`      ${plainLine(frame.code)}`)];
  });
}
