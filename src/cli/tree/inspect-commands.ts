import type { Command } from "commander";
import type { ListWorkflowsFlags } from "../commands/workflows.ts";
import type { Acting } from "./act.ts";

/** `workflows …`, `agents …` and `ps`. */
export function defineInspectCommands(program: Command, acting: Acting): void {
  const workflows = program.command("workflows").description("see what can be run");
  workflows
    .command("list")
    .description("list the workflows that agents have declared")
    .option("--all", "tasks too")
    .action(
      acting(async (context, flags: ListWorkflowsFlags) =>
        (await import("../commands/workflows.ts")).listWorkflows(context, flags),
      ),
    );
  workflows
    .command("show <target>")
    .description("show a target with its parameters and options")
    .action(
      acting(async (context, target: string) =>
        (await import("../commands/workflows.ts")).showWorkflow(context, target),
      ),
    );

  const agents = program.command("agents").description("see who does the work");
  agents
    .command("list")
    .description("list the sessions of agents")
    .action(acting(async (context) => (await import("../commands/agents.ts")).listAgents(context)));
  agents
    .command("drain <session>")
    .description("give an agent nothing new; what it runs goes on")
    .action(
      acting(async (context, session: string) => (await import("../commands/agents.ts")).drainAgent(context, session)),
    );

  program
    .command("ps")
    .description("list the processes of the server")
    .action(acting(async (context) => (await import("../commands/ps.ts")).listProcesses(context)));
}
