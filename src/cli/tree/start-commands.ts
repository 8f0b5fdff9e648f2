import type { Command } from "commander";
import { DEFAULT_PORT } from "../../protocol/addresses.ts";
import { CONCURRENCY_LIMIT } from "../../protocol/limits.ts";
import type { AgentFlags } from "../commands/agent-start.ts";
import type { DevFlags } from "../commands/dev.ts";
import type { ServerFlags } from "../commands/server-start.ts";
import { durationOption, nonEmptyOption, tagOption, wholeNumberOption } from "../input/option-values.ts";
import { EXECUTORS_LIMIT, LEAST_MEMORY_MB, MEMORY_LIMIT_MB, PORT_LIMIT } from "../limits.ts";
import type { Acting } from "./act.ts";
import { examples } from "./call-commands.ts";

const filesHelp = "modules of workflows and tasks: path or name=path; default: the repositories of the configuration";

/** `dev`, `server start` and `agent start`: what stays until it is stopped. */
export function defineStartCommands(program: Command, acting: Acting): void {
  withAgentFlags(program.command("dev"), "3s")
    .summary("server, environment and agent in one, with reload")
    .description(
      "Hosts the files and reloads them when they change. If no server answers at the url, one is started here, at the port of the url and with " +
        "its data in ./.coflux. The project and the environment are created when they are missing. Ctrl-C stops all that was started.",
    )
    .option("--data-dir <directory>", "where a server that is started here keeps its data", nonEmptyOption)
    .addHelpText("after", examples(["dev flows.ts", "dev flows.ts --url http://127.0.0.1:7805"]))
    .action(
      acting(async (context, files: string[], flags: DevFlags) => {
        const { dev } = await import("../commands/dev.ts");
        return await dev(context, files, flags);
      }),
    );

  program
    .command("server")
    .description("run the server")
    .command("start")
    .description("run the server in the foreground; prints its address when it is ready")
    .option("--host <host>", "where to listen (COFLUX_HOST; default 127.0.0.1)", nonEmptyOption)
    .option(
      "--port <port>",
      `0 takes a free one (COFLUX_PORT; default ${DEFAULT_PORT})`,
      wholeNumberOption(0, PORT_LIMIT),
    )
    .option("--data-dir <directory>", "where it keeps everything (COFLUX_DATA_DIR; default ./data)", nonEmptyOption)
    .option(
      "--idle-timeout <duration>",
      "stop the process of an environment that has nothing to do; 0 never (5m)",
      idleOption,
    )
    .option(
      "--session-lease <duration>",
      "how long an agent may be silent before its work is given up (60s)",
      durationOption,
    )
    .option("--heap-limit <MB>", "JavaScript heap of one orchestrator (256)", memoryOption)
    .option("--memory-limit <MB>", "memory at which an orchestrator is restarted in order (384)", memoryOption)
    .option("--no-auth", "listen on an address that others can reach, without access tokens")
    .action(
      acting(async (context, flags: ServerFlags) => {
        const { startServer } = await import("../commands/server-start.ts");
        return await startServer(context, flags);
      }),
    );

  const agent = program.command("agent").description("run an agent");
  withAgentFlags(agent.command("start"), "2m")
    .description("host repositories of one environment in the foreground; the first signal drains, the second aborts")
    .option("--watch", "reload a repository when its sources change")
    .addHelpText("after", examples(["agent start flows.ts billing=src/billing/flows.ts -e production"]))
    .action(
      acting(async (context, files: string[], flags: AgentFlags) => {
        const { startAgent } = await import("../commands/agent-start.ts");
        return await startAgent(context, files, flags);
      }),
    );
}

function withAgentFlags(command: Command, drainTimeout: string): Command {
  return command
    .argument("[files...]", filesHelp)
    .option("--concurrency <number>", "executions that run at once (100)", wholeNumberOption(1, CONCURRENCY_LIMIT))
    .option("--executors <number>", "processes that run them (number of cores)", wholeNumberOption(1, EXECUTORS_LIMIT))
    .option("--provides <key=value>", "a tag that this agent offers; may be given several times", tagOption)
    .option("--drain-timeout <duration>", `how long a drain waits for what runs (${drainTimeout})`, durationOption);
}

const memoryOption = wholeNumberOption(LEAST_MEMORY_MB, MEMORY_LIMIT_MB);

/** `0` needs no unit. */
function idleOption(text: string): number {
  return text === "0" ? 0 : durationOption(text);
}
