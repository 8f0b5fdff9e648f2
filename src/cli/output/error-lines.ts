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

function frameLines({ frames }: ErrorView, colours: Colours): string[] {
  return frames.slice(0, FRAMES_SHOWN).flatMap((frame) => {
    const place = `    at ${plainLine(frame.function) || "<anonymous>"} (${plainLine(frame.file)}:${frame.line}:${frame.column})`;
    if (!frame.inApp) return [colours.dim(place)];
    return frame.code === "" ? [place] : [place, colours.dim(`       ${plainLine(frame.code)}`)];
  });
}
