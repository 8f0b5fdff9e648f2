import type { Command } from "commander";
import type { Acting } from "./act.ts";

const yesHelp = "do not ask";

interface Sure {
  readonly yes?: boolean;
}

/** `projects …` and `environments …`. */
export function definePlaceCommands(program: Command, acting: Acting): void {
  const projects = program.command("projects").description("list, create and delete projects");
  projects
    .command("list")
    .description("list projects")
    .action(acting(async (context) => (await import("../commands/projects.ts")).listProjects(context)));
  projects
    .command("create <project>")
    .description("create a project")
    .action(
      acting(async (context, id: string) => (await import("../commands/projects.ts")).createProject(context, id)),
    );
  projects
    .command("delete <project>")
    .description("delete a project that has no environments")
    .option("--yes", yesHelp)
    .action(
      acting(async (context, id: string, flags: Sure) =>
        (await import("../commands/projects.ts")).deleteProject(context, id, flags),
      ),
    );

  const environments = program.command("environments").description("look after the environments of a project");
  environments
    .command("list")
    .description("list environments")
    .action(acting(async (context) => (await import("../commands/environments.ts")).listEnvironments(context)));
  environments
    .command("create <environment>")
    .description("create an environment")
    .option("--base <environment>", "the environment whose results the new one may use")
    .action(
      acting(async (context, name: string, flags: { base?: string }) =>
        (await import("../commands/environments.ts")).createEnvironment(context, name, flags),
      ),
    );
  environments
    .command("show [environment]")
    .description("show an environment")
    .action(
      acting(async (context, name: string | undefined) =>
        (await import("../commands/environments.ts")).showEnvironment(context, name),
      ),
    );
  environments
    .command("restart [environment]")
    .description("restart its orchestrator; nothing is lost or cancelled")
    .action(
      acting(async (context, name: string | undefined) =>
        (await import("../commands/environments.ts")).restartEnvironment(context, name),
      ),
    );
  environments
    .command("pause [environment]")
    .description("assign nothing new; what runs goes on")
    .action(
      acting(async (context, name: string | undefined) =>
        (await import("../commands/environments.ts")).pauseEnvironment(context, name),
      ),
    );
  environments
    .command("resume [environment]")
    .description("assign work again")
    .action(
      acting(async (context, name: string | undefined) =>
        (await import("../commands/environments.ts")).resumeEnvironment(context, name),
      ),
    );
  environments
    .command("archive <environment>")
    .description("end it: agents are sent away, pending work is cancelled, all stays readable")
    .option("--yes", yesHelp)
    .action(
      acting(async (context, name: string, flags: Sure) =>
        (await import("../commands/environments.ts")).archiveEnvironment(context, name, flags),
      ),
    );
  environments
    .command("delete <environment>")
    .description("delete an archived environment with everything in it")
    .option("--yes", yesHelp)
    .action(
      acting(async (context, name: string, flags: Sure) =>
        (await import("../commands/environments.ts")).deleteEnvironment(context, name, flags),
      ),
    );
}
