import { type Command, Option } from "commander";
import { logLevels } from "../../protocol/agent-messages.ts";
import { RESULT_WAIT_LIMIT_MS } from "../../protocol/limits.ts";
import { runStatuses } from "../../protocol/views.ts";
import type { ListRunsFlags } from "../commands/list-runs.ts";
import type { LogsFlags } from "../commands/logs.ts";
import type { ResultFlags } from "../commands/show-result.ts";
import type { ShowRunFlags } from "../commands/show-run.ts";
import type { WatchFlags } from "../commands/watch-run.ts";
import { durationOption, wholeNumberOption } from "../input/option-values.ts";
import { readRunId } from "../input/run-id.ts";
import { PAGE_LIMIT } from "../../protocol/limits.ts";
import { RUNS_LISTED } from "../limits.ts";
import type { Acting } from "./act.ts";
import { examples, progressOption } from "./call-commands.ts";

/** `runs …` and `logs`. */
export function defineRunCommands(program: Command, acting: Acting): void {
  const runs = program.command("runs").description("look at runs, cancel them, run their steps again");

  runs
    .command("list")
    .description("list runs, newest first")
    .addOption(new Option("--status <status>", "only runs of this status").choices(runStatuses))
    .option("--target <target>", "only runs of this workflow: repository/name")
    .option("--limit <number>", "how many", wholeNumberOption(1, PAGE_LIMIT), RUNS_LISTED)
    .option("--cursor <cursor>", "go on where an earlier list ended")
    .addHelpText("after", examples(["runs list --status failed", "runs list --target flows/greet --limit 100"]))
    .action(
      acting(async (context, flags: ListRunsFlags) => {
        const { listRuns } = await import("../commands/list-runs.ts");
        await listRuns(context, flags);
      }),
    );
  runs
    .command("show <run>")
    .description("show a run with the tree of its steps")
    .option("--all", "a line for every step")
    .addHelpText("after", examples(["runs show Rk7mQx4pT", "runs show Rk7mQx4pT --all"]))
    .action(
      acting(async (context, run: string, flags: ShowRunFlags) => {
        const { showRun } = await import("../commands/show-run.ts");
        await showRun(context, readRunId(run), flags);
      }),
    );
  runs
    .command("result <run>")
    .description("print the result of a run as JSON; the exit code says how it ended")
    .option("--wait <duration>", "wait so long for a run that is not final (60s at most)", waitOption, 0)
    .addHelpText("after", examples(["runs result Rk7mQx4pT --wait 30s | jq ."]))
    .action(
      acting(async (context, run: string, flags: ResultFlags) => {
        const { showResult } = await import("../commands/show-result.ts");
        return await showResult(context, readRunId(run), flags);
      }),
    );
  runs
    .command("watch <run>")
    .description("watch a run until it is final, as `coflux run` does")
    .addOption(progressOption())
    .option("--cancel-on-interrupt", "Ctrl-C cancels the run instead of leaving it")
    .addHelpText("after", examples(["runs watch Rk7mQx4pT"]))
    .action(
      acting(async (context, run: string, flags: WatchFlags) => {
        const { watchRun } = await import("../commands/watch-run.ts");
        return await watchRun(context, readRunId(run), flags);
      }),
    );
  runs
    .command("cancel <id>")
    .description("cancel a run (R…), or an execution (R…:2:1), with all that it called")
    .addHelpText("after", examples(["runs cancel Rk7mQx4pT", "runs cancel Rk7mQx4pT:2:1"]))
    .action(
      acting(async (context, id: string) => {
        const { cancel } = await import("../commands/change-run.ts");
        await cancel(context, id);
      }),
    );
  runs
    .command("rerun <step>")
    .description("run a step (R…:2) again, as a new attempt; of a run (R…) the first")
    .addHelpText("after", examples(["runs rerun Rk7mQx4pT:2"]))
    .action(
      acting(async (context, id: string) => {
        const { rerun } = await import("../commands/change-run.ts");
        await rerun(context, id);
      }),
    );

  program
    .command("logs <run[:step[:attempt]]>")
    .description("print the log of a run, of a step or of an attempt")
    .option("-f, --follow", "go on until the run is final")
    .addOption(new Option("--level <level>", "only this level and the ones above it").choices(logLevels))
    .addHelpText("after", examples(["logs Rk7mQx4pT", "logs Rk7mQx4pT:2 -f --level warn"]))
    .action(
      acting(async (context, id: string, flags: LogsFlags) => {
        const { showLogs } = await import("../commands/logs.ts");
        await showLogs(context, id, flags);
      }),
    );
}

function waitOption(text: string): number {
  return Math.min(durationOption(text), RESULT_WAIT_LIMIT_MS);
}
