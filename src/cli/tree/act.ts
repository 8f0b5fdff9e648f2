import type { Command } from "commander";
import { withAlternatives } from "../api/missing.ts";
import { CommandError } from "../command-error.ts";
import { type Context, type GlobalFlags, createContext } from "../context.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";

/** What a command says when it is done; nothing means ok. */
type Act<V extends unknown[]> = (context: Context, ...values: V) => Promise<ExitCode | void>;

/** Makes what commander calls out of a command's function. The process ends with the code that the function gives. */
export type Acting = <V extends unknown[]>(act: Act<V>) => (...values: unknown[]) => Promise<void>;

export function createActing(exitWith: (code: ExitCode) => void): Acting {
  return function acting<V extends unknown[]>(act: Act<V>) {
    return async (...values) => {
      // commander gives arguments in the order of their declaration, then the flags, then the command itself.
      const command = values.at(-1) as Command;
      const given = values.slice(0, -1) as V;
      const context = await createContext(command.optsWithGlobals<GlobalFlags>());
      try {
        exitWith((await act(context, ...given)) ?? exitCodes.ok);
      } catch (error) {
        throw await withAlternatives(withCommands(error, context), context.api);
      }
    };
  };
}

/** The same error, with the commands in its words as they reach the server from here. */
function withCommands(error: unknown, context: Context): unknown {
  if (!(error instanceof CommandError)) return error;
  const { code, exitCode, report, details } = error;
  const message = context.withCommands(error.message);
  const hint = error.hint === undefined ? undefined : context.withCommands(error.hint);
  if (message === error.message && hint === error.hint) return error;
  const worded = new CommandError({ code, exitCode, message, report, hint, details });
  return Object.assign(worded, { stack: error.stack }); // Of the place that found it: for --debug.
}
