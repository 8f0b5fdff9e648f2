import { type AddHelpTextContext, type Command, Option } from "commander";
import {
  durationOption,
  durationRangeOption,
  nonEmptyOption,
  positiveDurationOption,
  retriesOption,
  wholeNumberOption,
} from "../input/option-values.ts";
import { PRIORITY_LIMIT } from "../../protocol/limits.ts";
import type { CallFlags } from "../commands/start-run.ts";
import type { WatchFlags } from "../commands/watch-run.ts";
import { progressKinds } from "../run-tree/progress-kind.ts";
import type { Acting } from "./act.ts";

const argumentHelp = "JSON, or a word, which is a string; 7 is a number, '\"7\"' a string";

/** `submit` and `run`. */
export function defineCallCommands(program: Command, acting: Acting): void {
  withCallFlags(program.command("run"))
    .summary("start a run, watch it, print its result")
    .description(
      "Starts a run of a workflow. Its live tree goes to stderr, its result as JSON to stdout, and the exit code says how it ended.\n" +
        "Ctrl-C detaches: the run goes on.",
    )
    .addOption(progressOption())
    .option("--cancel-on-interrupt", "Ctrl-C cancels the run instead of leaving it")
    .addHelpText("after", examples(["run flows/greet Joe", 'run flows/report \'{"day":"2026-11-01"}\' | jq .total']))
    .action(
      acting(async (context, target: string, words: string[], flags: CallFlags & WatchFlags) => {
        const { run } = await import("../commands/run.ts");
        return await run(context, target, words, flags);
      }),
    );

  withCallFlags(program.command("submit"))
    .summary("start a run, print its id")
    .description("Starts a run of a workflow and prints its id without waiting for it.")
    .addHelpText(
      "after",
      examples(["submit flows/greet Joe", "submit flows/bill --delay 10m --idempotency-key order-17"]),
    )
    .action(
      acting(async (context, target: string, words: string[], flags: CallFlags) => {
        const { submit } = await import("../commands/submit.ts");
        await submit(context, target, words, flags);
      }),
    );
}

export function progressOption(): Option {
  return new Option("--progress <kind>", "how to show progress on stderr").choices(progressKinds).default("auto");
}

/** Commands to type, below the help of one; each without the name of the executable. */
export function examples(commands: readonly string[]): (help: AddHelpTextContext) => string {
  return ({ command }) => {
    const executable = rootOf(command).name();
    return `\nExamples:\n${commands.map((words) => `  $ ${executable} ${words}`).join("\n")}`;
  };
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}

function withCallFlags(command: Command): Command {
  return command
    .argument("<target>", "repository/name of a workflow, or enough of it to tell it from others", nonEmptyOption)
    .argument("[arguments...]", argumentHelp)
    .option("--params <json>", "one object as the only argument: JSON, @file or - for stdin", nonEmptyOption)
    .option("--idempotency-key <key>", "the same key, target and arguments give the same run", nonEmptyOption)
    .option("--delay <duration>", "how long until it is due, such as 10m", durationOption)
    .option("--timeout <duration>", "how long its function may run, such as 30s", positiveDurationOption)
    .option("--priority <number>", "larger goes first; 0 is usual", wholeNumberOption(-PRIORITY_LIMIT, PRIORITY_LIMIT))
    .option("--retries <number>", "how many times a failure is tried again, or unlimited", retriesOption)
    .option("--backoff <durations>", "how long retries are apart: 1s, or 1s,30s", durationRangeOption);
}
