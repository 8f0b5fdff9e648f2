import { Command } from "commander";
import { PRODUCT_VERSION } from "../protocol/version.ts";
import type { ExitCode } from "./exit-codes.ts";
import { defaultPlace } from "../protocol/addresses.ts";
import { createActing } from "./tree/act.ts";
import { defineCallCommands } from "./tree/call-commands.ts";
import { defineHelp } from "./tree/help-command.ts";
import { defineInspectCommands } from "./tree/inspect-commands.ts";
import { definePlaceCommands } from "./tree/place-commands.ts";
import { defineRunCommands } from "./tree/run-commands.ts";
import { defineStartCommands } from "./tree/start-commands.ts";

/**
 * The whole command line; its help names the executable as it is typed. What a command needs is imported when it is called: `coflux --version`
 * loads none of it. Problems with the words are thrown as a `CommanderError`, and said by `main.ts`.
 */
export function createProgram(exitWith: (code: ExitCode) => void, executable = "coflux"): Command {
  const program = new Command(executable);
  program
    .description("Durable workflows for TypeScript: plain functions, executed on your agents, that survive any crash.")
    .version(PRODUCT_VERSION, "--version", "print the version")
    .helpOption("-h, --help", "print help for a command")
    .option("--url <url>", `address of the server (COFLUX_URL; default ${defaultPlace.url})`)
    .option("-p, --project <project>", `COFLUX_PROJECT; default ${defaultPlace.project}`)
    .option("-e, --environment <environment>", `COFLUX_ENVIRONMENT; default ${defaultPlace.environment}`)
    .option("--token-file <file>", "a file that holds the token (COFLUX_TOKEN_FILE)")
    .option("--json", "print data and errors as JSON")
    .option("-q, --quiet", "print ids only, and no hints")
    .option("--no-color", "print without colours (NO_COLOR)")
    .option("--debug", "print where in coflux an error arose")
    .configureHelp({ sortSubcommands: false })
    .addHelpText("afterAll", ({ command }) =>
      command === program ? "" : `\n--url, -p, -e, --json, -q and other options of every command: ${executable} help`,
    )
    .configureOutput({ writeErr: () => undefined, outputError: () => undefined })
    .exitOverride();

  const acting = createActing(exitWith);
  program.commandsGroup("Start:");
  defineStartCommands(program, acting);
  program.commandsGroup("Run:");
  defineCallCommands(program, acting);
  defineRunCommands(program, acting);
  program.commandsGroup("Look after:");
  definePlaceCommands(program, acting);
  defineInspectCommands(program, acting);
  program.commandsGroup("Help:");
  defineHelp(program);
  return program;
}
