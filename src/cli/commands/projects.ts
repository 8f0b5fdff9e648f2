import { CommandError } from "../command-error.ts";
import type { Context } from "../context.ts";
import { checkNewName } from "../input/new-name.ts";
import { formatMoment } from "../output/moment.ts";
import { confirm } from "./confirm.ts";

export async function listProjects({ api, output }: Context): Promise<void> {
  const body = await api.call("list-projects", {});
  const now = Date.now();
  output.list({
    rows: body.projects,
    columns: [
      { title: "PROJECT", value: ({ id }) => id },
      { title: "ENVIRONMENTS", value: ({ environments }) => String(environments), alignsRight: true },
      { title: "CREATED", value: ({ createdAt }) => formatMoment(output.out, createdAt, now) },
    ],
    id: ({ id }) => id,
    body,
    empty: "no projects",
  });
}

export async function createProject({ api, output, command }: Context, id: string): Promise<void> {
  checkNewName("project", id, command);
  const created = await api.call("create-project", {}, { body: { id } });
  if (output.isJson) return output.json(created);
  output.line(created.id);
  output.next(command("environments create <name>", { project: created.id }));
}

export async function deleteProject(context: Context, project: string, { yes }: { yes?: boolean }): Promise<void> {
  await confirm(context, yes, `Delete project ${project}?`);
  try {
    await context.api.call("delete-project", { project });
  } catch (error) {
    throw withEmptying(context, project, error);
  }
  context.output.note(`project ${project} is deleted`);
}

/** The refusal for a project that still has environments, with the commands that end one. */
function withEmptying({ command }: Context, project: string, error: unknown): unknown {
  if (!(error instanceof CommandError) || error.code !== "project_not_empty") return error;
  const { code, exitCode, message, details } = error;
  const hint = ["archive", "delete"].map((verb) => command(`environments ${verb} <name>`, { project })).join("\n");
  return new CommandError({ code, exitCode, message, details, hint });
}
