import { isBuiltin } from "node:module";
import { type Location, type Message, type Note, formatMessages } from "esbuild";
import { withoutPrelude } from "./source-prelude.ts";

// What esbuild says is wrong, for the author of the code.

/** The module that imports all repositories. It exists only for esbuild, so nobody is to hear of it. */
export const entriesFile = "coflux-repositories";

/** All errors of a build that failed, each with its place. Throws what is no such failure. */
export async function describeBuildFailure(error: unknown): Promise<string> {
  if (!(error instanceof Error) || !("errors" in error) || !Array.isArray(error.errors)) throw error;
  const errors: readonly Message[] = error.errors;
  const messages = await formatMessages(errors.map(asWritten).map(withAdvice), { kind: "error", color: false });
  return messages.join("").trimEnd();
}

function asWritten(message: Message): Message {
  const notes = message.notes.map((note): Note => ({ ...note, location: withoutPreludeAt(note.location) }));
  return { ...message, notes, location: withoutPreludeAt(message.location) };
}

function withoutPreludeAt(location: Location | null): Location | null {
  if (location === null || location.line !== 1) return location;
  const { line, shift } = withoutPrelude(location.lineText);
  return { ...location, lineText: line, column: Math.max(0, location.column - shift) };
}

/** What cannot be found is usually not installed, or gone; esbuild advises to leave it out of the bundle. */
function withAdvice(message: Message): Message {
  const missing = /^Could not resolve "(.*)"$/.exec(message.text)?.[1];
  if (missing === undefined) return message;
  if (message.location?.file === entriesFile) {
    return { ...message, text: `There is no file ${missing}`, location: null, notes: [] };
  }
  const name = packageName(missing);
  if (name === undefined || message.notes.some((note) => note.location !== null)) return message; // A note about its package.json.
  return { ...message, text: `The package "${name}" is not installed: npm install ${name}`, notes: [] };
}

/** `@scope/name/part` -> `@scope/name`; undefined for what is no package: paths, modules of Node, names of `imports`. */
function packageName(specifier: string): string | undefined {
  if (isBuiltin(specifier)) return undefined;
  return /^(?:@[\w.~-]+\/)?[\w~-][\w.~-]*(?=\/|$)/.exec(specifier)?.[0];
}
