import type { Command } from "commander";
import { usageError } from "../command-error.ts";
import { exitCodeMeanings, exitCodes } from "../exit-codes.ts";
import { similarNames } from "../input/did-you-mean.ts";

/** `help`, `help <command…>` and `help exit-codes`. */
export function defineHelp(program: Command): void {
  program.helpCommand(false);
  program
    .command("help [command...]")
    .description("print help for a command, or `exit-codes`")
    .action((words: string[]) => {
      if (words[0] === "exit-codes") process.stdout.write(`${exitCodeLines().join("\n")}\n`);
      else findCommand(program, words).outputHelp();
    });
}

function exitCodeLines(): string[] {
  return Object.entries(exitCodes).map(([name, code]) => {
    const meaning = Object.entries(exitCodeMeanings).find(([key]) => key === name)?.[1] ?? "";
    return `${String(code).padStart(3)}  ${meaning}`;
  });
}

function findCommand(program: Command, words: readonly string[]): Command {
  let command = program;
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word);
    if (!next) {
      const names = [...command.commands.map((one) => one.name()), ...(command === program ? ["exit-codes"] : [])];
      const similar = similarNames(word, names);
      throw usageError(
        `there is no command ${words.join(" ")}`,
        similar.length > 0 ? `did you mean ${similar.join(" or ")}?` : `there are ${names.join(", ")}`,
      );
    }
    command = next;
  }
  return command;
}
