import { closeSync } from "node:fs";
import { isatty } from "node:tty";
import { type Command, CommanderError } from "commander";
import { usageError } from "./command-error.ts";
import { createCommandOutput, executableName } from "./context.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { printError } from "./output/print-error.ts";
import { createProgram } from "./program.ts";

// The entry of the command line: one command, one exit code.

const words = process.argv.slice(2);
const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));

// Whoever reads our output may stop reading at any time (`coflux runs list | head`): that is no error. Data that is lost otherwise is one. A
// terminal that was closed takes no more words (EIO); its SIGHUP decides what becomes of the process, and one that drains has to come to its end.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EIO") return;
  if (error.code === "EPIPE") process.exit(exitCodes.ok);
  process.stderr.write(`error: stdout cannot be written: ${error.message}\n`, () => process.exit(exitCodes.internal));
});
process.stderr.on("error", () => undefined); // Progress and hints: the command does what it does without them.

process.exitCode = await runCommand();
// Nothing is left to do, whatever still holds the process; what was written to a pipe has to leave first. What could not be written ends it above.
process.stdout.write("", (error: NodeJS.ErrnoException | null | undefined) => {
  if (!error || error.code === "EIO") leave();
});

/** When it ends, Node sets terminals back to how it found them, and crashes over one that is gone; but not over one that was let go. */
function leave(): never {
  for (const descriptor of terminals) if (!isatty(descriptor)) closeSync(descriptor);
  process.exit();
}

async function runCommand(): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok;
  const program = createProgram((code) => (exitCode = code), executableName(process.env));
  try {
    if (words.length === 0) program.outputHelp();
    else await program.parseAsync(words, { from: "user" });
    return exitCode;
  } catch (error) {
    // Help and the version are printed as asked, and end the parsing.
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
    const { err } = createCommandOutput({ color: !hasFlag("--no-color") });
    const problem = error instanceof CommanderError ? misuse(error, program) : error;
    return printError(problem, err, { isJson: hasFlag("--json"), isDebug: hasFlag("--debug") });
  }
}

/** What commander says, as an error of ours: the problem, then the way out. */
function misuse({ code, message }: CommanderError, program: Command): Error {
  const { path, command } = commandMeant(program);
  const help = [`${program.name()} help`, ...path].join(" ");
  if (code === "commander.help") {
    return usageError(
      `${[program.name(), ...path].join(" ")} needs a subcommand`,
      [...subcommandLines(command), help].join("\n"),
    );
  }
  const [problem = "", suggestion] = message.replace(/^error: /, "").split("\n");
  if (command.name() === "dev" && problem.startsWith("unknown option '--port")) {
    return usageError(problem, `the url says the port: ${program.name()} dev … --url http://127.0.0.1:<port>`);
  }
  const isCall = command.name() === "run" || command.name() === "submit";
  if (isCall && suggestion === undefined && code === "commander.unknownOption") {
    return usageError(problem, `behind -- it is an argument: ${program.name()} ${path[0]} <target> -- …\n${help}`);
  }
  return usageError(problem, suggestion?.replace(/^\((.*)\)$/, "$1").replace("Did", "did") ?? help);
}

/** As far as the words name one: `runs show`. */
function commandMeant(program: Command): { readonly path: readonly string[]; readonly command: Command } {
  const path: string[] = [];
  let command = program;
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) continue; // A flag, its value, or an argument.
    path.push(word);
    command = next;
  }
  return { path, command };
}

function subcommandLines({ commands }: Command): string[] {
  const width = Math.max(...commands.map((one) => one.name().length));
  return commands.map((one) => `${one.name().padEnd(width)}  ${one.description()}`);
}

/** Also for errors that come before the flags are read. */
function hasFlag(flag: string): boolean {
  const end = words.indexOf("--");
  return words.slice(0, end < 0 ? words.length : end).includes(flag);
}
