import { pathToFileURL } from "node:url";
import { RepositoryError } from "./loaded-targets.ts";
import type { SourceFrames } from "./source-frames.ts";

/**
 * Why a bundle could not be imported. When it asks a package for an export that is not there, Node names the line of the bundle, above the
 * message: the author of the code needs to see the line of the source. Any other error is given back as it is.
 */
export function explainImportError(thrown: unknown, bundle: string, frames: Pick<SourceFrames, "sourceOf">): unknown {
  if (!(thrown instanceof SyntaxError)) return thrown;
  const [position = "", , carets = ""] = (thrown.stack ?? "").split("\n");
  const line = position.startsWith(`${pathToFileURL(bundle).href}:`) ? Number(/\d+$/.exec(position)?.[0]) : NaN;
  const source = Number.isInteger(line) ? frames.sourceOf(line, carets.indexOf("^") + 1) : undefined;
  if (source === undefined) return thrown;
  const [what = ""] = thrown.message.split("\n");
  return new RepositoryError(`${source.place}: ${what}\n    ${source.code}`);
}
